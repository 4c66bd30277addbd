"""What moto does not know of CloudFormation and destroying needs: lifting a stack's protection."""

from __future__ import annotations

import pytest
from moto.cloudformation.responses import CloudFormationResponse
from moto.core.exceptions import ServiceException
from moto.core.responses import ActionResult, EmptyResult


def teach_protection(patch: pytest.MonkeyPatch) -> None:
    """From here on a protected stack is not deleted, and its protection can be lifted, as in AWS.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-protect-stacks.html
    """
    delete = CloudFormationResponse.delete_stack

    def delete_unprotected(self: CloudFormationResponse) -> ActionResult:
        name = self._get_param("StackName")
        if self.cloudformation_backend.get_stack(name).enable_termination_protection:
            raise ServiceException("ValidationError", f"Stack [{name}] cannot be deleted")
        return delete(self)

    def protect(self: CloudFormationResponse) -> ActionResult:
        stack = self.cloudformation_backend.get_stack(self._get_param("StackName"))
        wanted = self._get_param("EnableTerminationProtection")
        stack.enable_termination_protection = str(wanted).lower() == "true"
        return EmptyResult()

    patch.setattr(CloudFormationResponse, "delete_stack", delete_unprotected)
    patch.setattr(CloudFormationResponse, "update_termination_protection", protect, raising=False)
