// Keeps the page fresh: asks for it again every few seconds and puts what changed in place. Without it the page is
// whole as well, and as old as it says.
"use strict";
const SECONDS = 3;
const offline = document.getElementById("offline");

function place(fresh) {
  for (const now of document.querySelectorAll("[data-live]")) {
    const next = fresh.getElementById(now.id);
    if (!next || next.innerHTML === now.dataset.was) continue;
    if (now.contains(document.activeElement)) continue;  // nothing moves under a reader's hands
    now.dataset.was = next.innerHTML;
    for (const open of now.querySelectorAll("details[open]")) {
      const same = fresh.getElementById(open.id);
      if (same) same.open = true;
    }
    now.replaceChildren(...document.adoptNode(next).childNodes);
  }
}

async function look() {
  try {
    const answer = await fetch(location.pathname, { headers: { accept: "text/html" }, cache: "no-store" });
    if (answer.redirected) return location.reload();
    if (answer.ok) place(new DOMParser().parseFromString(await answer.text(), "text/html"));
    offline.hidden = answer.ok;
  } catch {
    offline.hidden = false;
  }
}

setInterval(() => { if (!document.hidden) look(); }, SECONDS * 1000);
document.addEventListener("visibilitychange", () => { if (!document.hidden) look(); });
