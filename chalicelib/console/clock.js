// The local run's clock, shown in the customer's time zone, and the three moments it is set to.

import { ask, tell } from "./api.js";
import { find } from "./elements.js";

const ZONE = "America/New_York";
const CITY = "New York";
const MOMENTS = { day: [12, 0], evening: [19, 10], night: [23, 0] };
const TICK_MILLISECONDS = 1000;

let aheadMilliseconds = 0;

export const now = () => new Date(Date.now() + aheadMilliseconds);

export const shownTime = (date) =>
  date.toLocaleTimeString("en-GB", { timeZone: ZONE, hour: "2-digit", minute: "2-digit" });

/** Read the clock and show it from here on. Raises Trouble where there is none. */
export async function start(onTrouble) {
  await read();
  find("clock").hidden = false;
  for (const button of find("clock").querySelectorAll("button")) {
    button.addEventListener("click", () => set(button.dataset.moment).catch(onTrouble));
  }
  setInterval(show, TICK_MILLISECONDS);
}

async function read() {
  keep(await ask("local/clock"));
}

/** On to the next such moment of the customer's day. */
async function set(moment) {
  const [hour, minute] = MOMENTS[moment];
  const at = now();
  const [thisHour, thisMinute] = hourAndMinute(at);
  const minutes = (hour - thisHour) * 60 + (minute - thisMinute);
  const ahead = minutes <= 0 ? minutes + 24 * 60 : minutes;
  keep(await tell("local/clock", { now: new Date(+at + ahead * 60_000).toISOString() }));
}

function keep(answer) {
  aheadMilliseconds = new Date(answer.now) - Date.now();
  show();
}

function show() {
  const at = now();
  const [hour, minute] = hourAndMinute(at);
  const moment = hour < 8 || hour >= 21 ? "night" : hour < 17 ? "day" : "evening";
  const day = at.toLocaleDateString("en-GB", {
    timeZone: ZONE, weekday: "short", day: "numeric", month: "short",
  });
  find("time").textContent = shownTime(at);
  find("time").dateTime = at.toISOString();
  find("zone").textContent = `${day}, ${CITY}`;
  for (const bar of document.querySelectorAll(".bar-time")) bar.textContent = shownTime(at);
  showSky(moment, hour + minute / 60);
  for (const button of find("clock").querySelectorAll("button")) {
    button.setAttribute("aria-pressed", String(button.dataset.moment === moment));
  }
}

/** The disc crosses the sky once by day (8 to 21) and once by night. */
function showSky(moment, hours) {
  const sky = find("clock").querySelector(".sky");
  const isNight = moment === "night";
  const since = isNight ? (hours + 3) % 24 : hours - 8;
  const share = since / (isNight ? 11 : 13);
  sky.dataset.moment = moment;
  sky.style.setProperty("--across", `${4 + share * 36}px`);
  sky.style.setProperty("--down", `${11 - Math.sin(share * Math.PI) * 8}px`);
}

function hourAndMinute(date) {
  const [hour, minute] = shownTime(date).split(":").map(Number);
  return [hour, minute];
}
