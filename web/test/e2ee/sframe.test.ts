/** SFrame against the public test vectors of RFC 9605, and beyond them. */

import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, test } from "vitest";
import type { Bytes } from "../../src/lib/bytes";
import {
  decodeHeader,
  decrypt,
  deriveFrameKey,
  encodeHeader,
  encrypt,
  MalformedFrame,
} from "../../src/lib/e2ee/sframe";

interface Vectors {
  readonly header: readonly { readonly kid: string; readonly ctr: string; readonly encoded: string }[];
  readonly sframe: readonly Readonly<Record<string, string>>[];
}

const AES_128_GCM_SHA256_128 = "4";
const folder = process.env["VECTORS_DIR"] ?? resolve(import.meta.dirname, "../../../../shared/vectors");
const file = join(folder, "sframe/test-vectors/test-vectors.json");
const arePresent = existsSync(file);
if (!arePresent)
  process.stdout.write(`SKIPPED: SFrame's public vectors are not at ${file} (set VECTORS_DIR)\n`);

/** Numbers become strings first: 2^64 - 1 is none that JSON.parse can hold. */
function readVectors(): Vectors {
  return JSON.parse(readFileSync(file, "utf8").replace(/: (\d+)(?=[,\s])/g, ': "$1"')) as Vectors;
}

function fromHex(text: string): Bytes {
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (octet) => octet.toString(16).padStart(2, "0")).join("");
}

describe.skipIf(!arePresent)("RFC 9605's vectors", () => {
  const vectors = arePresent ? readVectors() : { header: [], sframe: [] };

  test("every header is written and read as published", () => {
    expect(vectors.header).toHaveLength(289);
    for (const { kid, ctr, encoded } of vectors.header) {
      expect(toHex(encodeHeader(BigInt(kid), BigInt(ctr)))).toBe(encoded);
      expect(decodeHeader(fromHex(encoded))).toEqual({
        kid: BigInt(kid),
        counter: BigInt(ctr),
        length: encoded.length / 2,
      });
    }
  });

  test("the frame of our cipher suite is encrypted and decrypted as published", async () => {
    const vector = vectors.sframe.find((each) => each["cipher_suite"] === AES_128_GCM_SHA256_128);
    const of = (name: string): string => vector?.[name] ?? "";
    const key = await deriveFrameKey(fromHex(of("base_key")), BigInt(of("kid")));
    expect(toHex(key.salt)).toBe(of("sframe_salt"));
    const metadata = fromHex(of("metadata"));
    const sealed = await encrypt(key, BigInt(of("ctr")), fromHex(of("pt")), metadata);
    expect(toHex(sealed)).toBe(of("ct"));
    expect(toHex(await decrypt(key, decodeHeader(sealed), sealed, metadata))).toBe(of("pt"));
  });
});

test("a header cut short anywhere is refused", () => {
  const header = encodeHeader(0x123456n, 0x1234567890n);
  for (let length = 0; length < header.length; length += 1) {
    expect(() => decodeHeader(header.subarray(0, length))).toThrow(MalformedFrame);
  }
  expect(decodeHeader(header).length).toBe(header.length);
});
