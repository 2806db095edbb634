/** Addresses of a meeting. */

/** Where a meeting's websocket is: on this page's own host, as safe as the page itself. */
export function socketAddress(meeting: string, page: Pick<Location, "protocol" | "host"> = location): string {
  const scheme = page.protocol === "https:" ? "wss:" : "ws:";
  return `${scheme}//${page.host}/meetings/${meeting}/socket`;
}
