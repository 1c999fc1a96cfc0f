"use strict";

// A stream that is opened anew goes on where this page is: by the last event it got.
document.addEventListener("htmx:sseMessage", (message) => {
  const stream = message.target.closest("[data-stream]");
  if (stream && message.detail.lastEventId) {
    const path = stream.getAttribute("sse-connect").split("?")[0];
    stream.setAttribute("sse-connect", `${path}?after=${message.detail.lastEventId}`);
  }
});

// A log whose end is in sight stays there.
let follows = null;
document.addEventListener("htmx:sseBeforeMessage", (message) => {
  const log = message.target;
  follows = log.id === "log" && log.scrollHeight - log.scrollTop - log.clientHeight < 40 ? log : null;
});
document.addEventListener("htmx:afterSwap", () => {
  if (follows) follows.scrollTop = follows.scrollHeight;
});

// How long an offer or a link still stands, by the minute; at the end by the second.
function words(seconds) {
  if (seconds <= 0) return "(over)";
  if (seconds < 120) return `(${Math.ceil(seconds)} s left)`;
  return `(${Math.ceil(seconds / 60)} min left)`;
}
function count() {
  for (const left of document.querySelectorAll("[data-until]")) {
    const shown = words((Date.parse(left.dataset.until) - Date.now()) / 1000);
    if (left.textContent !== shown) left.textContent = shown;
  }
}
setInterval(count, 1000);
document.addEventListener("DOMContentLoaded", () => {
  count();
  const log = document.getElementById("log");
  if (log) log.scrollTop = log.scrollHeight;
});

// Whether what is seen is still so.
function tell(words) {
  const bar = document.getElementById("connection");
  if (bar && bar.textContent !== words) bar.textContent = words;
}
document.addEventListener("htmx:sseError", () => tell("Not connected: what you see may be old. Trying again …"));
document.addEventListener("htmx:sseOpen", () => tell(""));

// What was taken is not sent twice.
document.addEventListener("htmx:afterRequest", (answer) => {
  if (answer.detail.successful && answer.target.matches("form.say")) answer.target.reset();
});

// Enter sends, Shift+Enter is a new line; where there are fingers alone there is no Shift, and the button sends.
if (matchMedia("(any-pointer: fine)").matches) {
  document.addEventListener("DOMContentLoaded", () => {
    for (const hint of document.querySelectorAll(".enter")) hint.hidden = false;
  });
  document.addEventListener("keydown", (key) => {
    const modified = key.shiftKey || key.ctrlKey || key.altKey || key.metaKey;
    if (key.key !== "Enter" || modified || key.isComposing || key.target.id !== "say") return;
    key.preventDefault();
    if (!key.repeat) key.target.form.querySelector("button").click();
  });
}
