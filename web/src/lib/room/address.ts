/** Addresses of a meeting. */

type Page = Pick<Location, "protocol" | "host">;

/** Where a meeting's websocket is: on this page's own host, as safe as the page itself. */
export function socketAddress(meeting: string, page: Page = location): string {
  return addressOf(meeting, "socket", page);
}

/** Where an officer's silent watch of a meeting is. */
export function watchAddress(meeting: string, page: Page = location): string {
  return addressOf(meeting, "watch", page);
}

function addressOf(meeting: string, way: "socket" | "watch", page: Page): string {
  const scheme = page.protocol === "https:" ? "wss:" : "ws:";
  return `${scheme}//${page.host}/meetings/${meeting}/${way}`;
}
