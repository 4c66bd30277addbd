// Who can be played here: Joe of the demo shop, and somebody whom nobody knows.

export const BRAND = { name: "Retailer XYZ", handle: "@retailerxyz" };

export const JOE = {
  name: "Joe",
  id: "joe",
  x: "1234",
  phone: "+15551230001",
  email: "joe@example.com",
};

const digits = (count) =>
  Array.from(crypto.getRandomValues(new Uint8Array(count)), (byte) => byte % 10).join("");

export const STRANGER = {
  name: "Someone",
  id: `visitor-${digits(8)}`,
  x: `77${digits(8)}`,
  phone: `+1555${digits(7)}`,
  email: null,
};

/** [what it is, what is said] */
export const IDEAS = {
  tweet: [
    ["Is it in stock?", "do you have the Trailblazer GTX in a 44?"],
    ["Out of stock", "do you have the Trailblazer GTX in a 46?"],
    ["Text me instead", "text me instead please"],
    ["A person, please", "can I talk to a real person?"],
  ],
  text: [
    ["Is it in stock?", "Do you have the Trailblazer GTX in a 44?"],
    ["STOP", "STOP"],
    ["START", "START"],
    ["E-mail me instead", "email me instead please"],
    ["Where are you?", "When is the Broadway store open?"],
  ],
};

/** Some of the demo shop's products. */
export const PRODUCTS = [
  ["tb-gtx-44", "Trailblazer GTX, 44"],
  ["tb-gtx-46", "Trailblazer GTX, 46"],
  ["rr-gtx-44", "Ridgerunner GTX, 44"],
  ["tempo-44", "Tempo 5, 44"],
  ["ridgevest-m", "Ridge Vest 8, M"],
  ["stormveil-l", "Stormveil Shell, L"],
  ["pulse-black", "Pulse GPS Watch, black"],
  ["head600", "Lumo Head 600 Run"],
];
