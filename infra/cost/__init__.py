"""What Rejoinder costs on AWS: measured calls, bytes and CPU time, priced by a dated list."""
