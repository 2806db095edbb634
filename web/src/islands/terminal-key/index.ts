/** Shows every few minutes that this device still holds the terminal's key, on whatever screen the terminal is. */

import { findKey, showKey } from "../../lib/device_key";

const EVERY_MS = 10 * 60_000;
/** While the server can't be reached: the session lasts an hour, so that there is time for many tries. */
const AGAIN_MS = 30_000;
/** When the key was last shown, in milliseconds: a busy terminal changes its page more often than it shows the key. */
const SHOWN_AT = "terminal-key-shown-at";

export function mount(): () => void {
  let next: ReturnType<typeof setTimeout> | undefined;
  let isOver = false;
  const show = async () => {
    const key = await findKey();
    if (key === undefined || isOver) return;
    const standing = await showKey(key);
    if (standing === "terminal") sessionStorage.setItem(SHOWN_AT, String(Date.now()));
    if (standing === "unknown") location.replace("/kiosk/pair");
    else if (!isOver) next = setTimeout(() => void show(), standing === "terminal" ? EVERY_MS : AGAIN_MS);
  };
  const shownAt = Number(sessionStorage.getItem(SHOWN_AT) ?? 0);
  next = setTimeout(() => void show(), Math.max(0, shownAt + EVERY_MS - Date.now()));
  return () => {
    isOver = true;
    clearTimeout(next);
  };
}
