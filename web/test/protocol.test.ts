/** The protocol as Python's end has it: the same samples, the same fields. */

import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, test } from "vitest";
import {
  CLIENT_MESSAGES,
  isClientMessage,
  isServerMessage,
  parseServerMessage,
  SERVER_MESSAGES,
  UnreadableMessage,
} from "../src/protocol";

interface Samples {
  readonly valid: readonly { readonly type: string }[];
  readonly invalid: readonly { readonly why: string; readonly message: unknown }[];
}

function contract<T>(name: string): T {
  const file = resolve(import.meta.dirname, "../../tests/contract", name);
  return JSON.parse(readFileSync(file, "utf8")) as T;
}

const samples = contract<{ readonly client: Samples; readonly server: Samples }>("room_messages.json");
const schema =
  contract<Record<"client" | "server", { readonly discriminator: { readonly mapping: object } }>>(
    "room.schema.json",
  );

describe.each([
  ["client", CLIENT_MESSAGES, isClientMessage],
  ["server", SERVER_MESSAGES, isServerMessage],
] as const)("messages of the %s", (side, shapes, isMessage) => {
  test.each(samples[side].valid)("$type is read", (message) => {
    expect(isMessage(message)).toBe(true);
  });

  test.each(samples[side].invalid)("$why is refused", ({ message }) => {
    expect(isMessage(message)).toBe(false);
  });

  test.each(samples[side].valid)("$type is refused with a field missing or one too many", (message) => {
    expect(isMessage({ ...message, extra: 1 })).toBe(false);
    for (const name of Object.keys(message)) {
      const entries = Object.entries(message).filter(([each]) => each !== name);
      expect(isMessage(Object.fromEntries(entries))).toBe(false);
    }
  });

  test("both languages know the same types, and a sample of each is checked", () => {
    const types = Object.keys(shapes).sort();
    expect(types).toEqual(Object.keys(schema[side].discriminator.mapping).sort());
    expect([...new Set(samples[side].valid.map(({ type }) => type))].sort()).toEqual(types);
  });
});

test.each(["", "{", "null", "[]", '"welcome"', '{"type":"toString"}', '{"type":1}'])(
  "%j is unreadable",
  (data) => {
    expect(() => parseServerMessage(data)).toThrow(UnreadableMessage);
  },
);
