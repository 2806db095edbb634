/** A line to the server that comes back by itself: what it says, and how long it has been away. */

/** What the line tells its owner. */
export interface Listener {
  /**
   * Something happened to what the page shows. Also said whenever the line opens: things may have happened while
   * it was away, and between the making of the page and the first opening.
   */
  heard(): void;
  /** The line is away, or back. */
  away(isAway: boolean): void;
  /** The server ended it because a permission ended. */
  dismissed(): void;
}

const POLICY_VIOLATION = 1008;
const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 30_000;

/** How long to wait before attempt `n` (from 0), in milliseconds; up to a fifth more, so that not all come at once. */
export function wait_ms(n: number, random: () => number = Math.random): number {
  return Math.min(FIRST_WAIT_MS * 2 ** n, LONGEST_WAIT_MS) * (1 + random() / 5);
}

/** Keeps a websocket open until `end` is called. */
export class Line {
  readonly #url: string;
  readonly #listener: Listener;
  #socket: WebSocket | null = null;
  #attempts = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #ended = false;

  constructor(url: string, listener: Listener) {
    this.#url = url;
    this.#listener = listener;
    this.#connect();
  }

  /** Tries at once, where the page has just become visible or the network has come back. */
  hurry(): void {
    if (this.#ended || this.#socket !== null) return;
    clearTimeout(this.#timer);
    this.#connect();
  }

  /** Hangs up for good. */
  end(): void {
    this.#ended = true;
    clearTimeout(this.#timer);
    this.#socket?.close();
  }

  #connect(): void {
    const socket = new WebSocket(this.#url);
    this.#socket = socket;
    socket.addEventListener("open", () => {
      this.#listener.heard();
      this.#attempts = 0;
      this.#listener.away(false);
    });
    socket.addEventListener("message", () => this.#listener.heard());
    socket.addEventListener("close", (event) => {
      this.#socket = null;
      if (this.#ended) return;
      if (event.code === POLICY_VIOLATION) {
        this.#ended = true;
        this.#listener.dismissed();
        return;
      }
      this.#listener.away(true);
      this.#timer = setTimeout(() => this.#connect(), wait_ms(this.#attempts));
      this.#attempts += 1;
    });
  }
}
