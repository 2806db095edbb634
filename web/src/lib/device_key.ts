/**
 * The key that makes a device a terminal. Its private half is made in this browser and can't be taken out of it, not
 * even by our own pages. Owns where it is kept and what it signs (server/people/device_keys.py).
 */

import { concat, fromBase64Url, toBase64Url, utf8 } from "./bytes";

const DATABASE = "lianbian-terminal";
const STORE = "keys";
const NAME = "device";
const SIGNED_FOR = "lianbian terminal\0";
const ALGORITHM = { name: "ECDSA", namedCurve: "P-256" } as const;

/** The server's answer to a device that shows its key. */
export type Standing = "terminal" | "unknown" | "unreachable";

/** The device's key, or none while it has not been paired. */
export async function findKey(): Promise<CryptoKeyPair | undefined> {
  return inStore("readonly", (store) => store.get(NAME) as IDBRequest<CryptoKeyPair | undefined>);
}

/** The device's key; a new one where there is none, kept as firmly as the browser allows. */
export async function makeKey(): Promise<CryptoKeyPair> {
  const known = await findKey();
  if (known !== undefined) return known;
  const made = await crypto.subtle.generateKey(ALGORITHM, false, ["sign"]);
  await inStore("readwrite", (store) => store.put(made, NAME));
  await navigator.storage?.persist?.();
  return made;
}

/** The public half, as the server reads it. */
export async function publicHalf(key: CryptoKeyPair): Promise<string> {
  return toBase64Url(new Uint8Array(await crypto.subtle.exportKey("raw", key.publicKey)));
}

/** Shows the server that the key is here; it then lets this device be its terminal for another hour. */
export async function showKey(key: CryptoKeyPair): Promise<Standing> {
  try {
    const asked = await post("/kiosk/device/challenge", {});
    if (!asked.ok) return "unreachable";
    const { challenge } = (await asked.json()) as { readonly challenge: string };
    const signed = concat(utf8(SIGNED_FOR), fromBase64Url(challenge));
    const algorithm = { name: ALGORITHM.name, hash: "SHA-256" };
    const signature = new Uint8Array(await crypto.subtle.sign(algorithm, key.privateKey, signed));
    const public_key = await publicHalf(key);
    const answer = await post("/kiosk/device", { public_key, challenge, signature: toBase64Url(signature) });
    if (answer.ok) return "terminal";
    return answer.status === 403 ? "unknown" : "unreachable";
  } catch (error) {
    if (error instanceof TypeError) return "unreachable";
    throw error;
  }
}

function post(address: string, body: Readonly<Record<string, string>>): Promise<Response> {
  const headers = { "Content-Type": "application/json", Accept: "application/json" };
  return fetch(address, { method: "POST", headers, body: JSON.stringify(body) });
}

/** Does one thing in the browser's store of keys. */
async function inStore<T>(
  mode: IDBTransactionMode,
  act: (store: IDBObjectStore) => IDBRequest<T>,
): Promise<T> {
  const opening = indexedDB.open(DATABASE);
  opening.onupgradeneeded = () => opening.result.createObjectStore(STORE);
  const database = await result(opening);
  try {
    return await result(act(database.transaction(STORE, mode).objectStore(STORE)));
  } finally {
    database.close();
  }
}

function result<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error("no store of keys"));
  });
}
