/**
 * The websocket of a meeting, kept open. Owns numbering, answers, pings and reconnecting under the same instance;
 * leaves the meaning of messages to `meeting.ts`. What `docs/protocol.md` says about connecting is done here.
 */

import {
  CloseCode,
  PROTOCOL_VERSION,
  parseServerMessage,
  type Request,
  type ServerMessage,
  type ServerMessageOf,
} from "../../protocol";
import { random, toBase64Url } from "../bytes";

const INSTANCE_OCTETS = 32;
const PING_EVERY_MS = 5000;
const PONG_WITHIN_MS = 5000;
const CONNECTED_WITHIN_MS = 10_000;
const RETRY_AFTER_MS = [500, 1000, 2000, 4000];
const RETRY_WHEN_TOO_FAST_MS = 5000;
const FINAL_CODES: ReadonlySet<number> = new Set([
  CloseCode.replaced,
  CloseCode.notPermitted,
  CloseCode.ended,
  CloseCode.unreadable,
]);

/** Where the connection stands. */
export type Link =
  | { readonly state: "connecting"; readonly attempt: number }
  | { readonly state: "open" }
  /** Closed for good: nothing reconnects. */
  | { readonly state: "closed"; readonly code: number };

/** The server refused a request; title and advice are in the reader's language. */
export class RequestRefused extends Error {
  readonly code: string;
  readonly title: string;
  readonly advice: string;

  constructor(refused: ServerMessageOf<"error">) {
    super(refused.code);
    this.code = refused.code;
    this.title = refused.title;
    this.advice = refused.advice;
  }
}

/** The connection went away before the answer came. */
export class ConnectionLost extends Error {}

interface Waiter {
  resolve(answer: ServerMessage): void;
  reject(error: Error): void;
}

/** What a signalling connection is made of. */
export interface SignallingParts {
  readonly url: string;
  /** Takes what the server sends on its own account, and every `welcome`. */
  readonly received: (message: ServerMessage) => void;
  readonly linked: (link: Link) => void;
  /** Opens a socket; a test gives its own. */
  readonly open?: (url: string) => WebSocket;
}

/** One participant's connection to a meeting, across as many websockets as it takes. */
export class Signalling {
  readonly #parts: SignallingParts;
  readonly #instance = toBase64Url(random(INSTANCE_OCTETS));
  readonly #waiting = new Map<number, Waiter>();
  #socket: WebSocket | undefined;
  #number = 0;
  #attempt = 0;
  #timers: ReturnType<typeof setTimeout>[] = [];
  #isClosed = false;

  constructor(parts: SignallingParts) {
    this.#parts = parts;
    this.#connect();
  }

  /**
   * Sends a request and waits for its answer.
   *
   * @throws RequestRefused where the server says no
   * @throws ConnectionLost where no answer can come any more
   */
  request(request: Request): Promise<ServerMessage> {
    return new Promise((resolve, reject) => {
      if (this.#socket?.readyState !== WebSocket.OPEN) {
        reject(new ConnectionLost());
        return;
      }
      this.#number += 1;
      this.#waiting.set(this.#number, { resolve, reject });
      this.#socket.send(JSON.stringify({ ...request, id: this.#number }));
    });
  }

  /** Closes it for good. */
  close(): void {
    this.#end(CloseCode.ended);
  }

  #connect(): void {
    this.#parts.linked({ state: "connecting", attempt: this.#attempt });
    const socket = (this.#parts.open ?? ((url) => new WebSocket(url)))(this.#parts.url);
    this.#socket = socket;
    this.#after(CONNECTED_WITHIN_MS, () => this.#drop(socket));
    socket.onopen = () => this.#greet(socket);
    socket.onmessage = ({ data }) => this.#take(socket, data);
    socket.onclose = ({ code }) => this.#lose(socket, code);
  }

  #greet(socket: WebSocket): void {
    const greeting: Request = { type: "hello", protocol: PROTOCOL_VERSION, instance: this.#instance };
    this.request(greeting).then(
      () => {
        if (socket !== this.#socket) return;
        this.#attempt = 0;
        this.#clearTimers();
        this.#parts.linked({ state: "open" });
        this.#pingLater(socket);
      },
      () => this.#drop(socket),
    );
  }

  #take(socket: WebSocket, data: unknown): void {
    if (socket !== this.#socket) return;
    const message = this.#read(data);
    if (message === undefined) return;
    const waiter = "re" in message && message.re !== null ? this.#waiting.get(message.re) : undefined;
    if ("re" in message && message.re !== null) this.#waiting.delete(message.re);
    if (waiter === undefined) this.#parts.received(message);
    else if (message.type === "error") waiter.reject(new RequestRefused(message));
    else {
      if (message.type === "welcome") this.#parts.received(message);
      waiter.resolve(message);
    }
  }

  #read(data: unknown): ServerMessage | undefined {
    try {
      return parseServerMessage(String(data));
    } catch {
      // Another version of the protocol: to guess at its meaning would be worse than to stop.
      this.#end(CloseCode.unreadable);
      return undefined;
    }
  }

  #pingLater(socket: WebSocket): void {
    this.#after(PING_EVERY_MS, () => {
      this.#after(PONG_WITHIN_MS, () => this.#drop(socket));
      this.request({ type: "ping" }).then(
        () => {
          if (socket !== this.#socket) return;
          this.#clearTimers();
          this.#pingLater(socket);
        },
        () => this.#drop(socket),
      );
    });
  }

  /** Gives up a socket that may hang, without waiting for its closing handshake. */
  #drop(socket: WebSocket): void {
    socket.close();
    this.#lose(socket, 0);
  }

  #lose(socket: WebSocket, code: number): void {
    if (socket !== this.#socket || this.#isClosed) return;
    if (FINAL_CODES.has(code)) {
      this.#end(code);
      return;
    }
    this.#forgetSocket();
    const delay = RETRY_AFTER_MS[Math.min(this.#attempt, RETRY_AFTER_MS.length - 1)];
    this.#attempt += 1;
    this.#parts.linked({ state: "connecting", attempt: this.#attempt });
    this.#after(code === CloseCode.tooFast ? RETRY_WHEN_TOO_FAST_MS : (delay ?? 0), () => this.#connect());
  }

  #end(code: number): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#forgetSocket();
    this.#parts.linked({ state: "closed", code });
  }

  #forgetSocket(): void {
    const socket = this.#socket;
    this.#socket = undefined;
    this.#clearTimers();
    socket?.close();
    for (const waiter of this.#waiting.values()) waiter.reject(new ConnectionLost());
    this.#waiting.clear();
  }

  #after(delay_ms: number, action: () => void): void {
    this.#timers.push(setTimeout(action, delay_ms));
  }

  #clearTimers(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers = [];
  }
}
