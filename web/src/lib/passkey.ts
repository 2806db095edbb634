/**
 * Passkeys in the browser: what the server asks for is put to the authenticator, and its answer sent back. Owns
 * the JSON between server and browser (server/people/passkey_handlers.py); leaves to the islands where to go on.
 */

import { fromBase64Url, toBase64Url } from "./bytes";
import { t } from "./i18n";

/** A key that the server names, its id in base64url. */
interface Named {
  readonly type: "public-key";
  readonly id: string;
}

/** `PublicKeyCredentialRequestOptions` as JSON (Web Authentication Level 3 §5.5). */
interface RequestJson {
  readonly challenge: string;
  readonly rpId: string;
  readonly timeout: number;
  readonly userVerification: UserVerificationRequirement;
  readonly allowCredentials?: readonly Named[];
}

/** `PublicKeyCredentialCreationOptions` as JSON (§5.4). */
interface CreationJson {
  readonly rp: PublicKeyCredentialRpEntity;
  readonly user: { readonly id: string; readonly name: string; readonly displayName: string };
  readonly challenge: string;
  readonly timeout: number;
  readonly pubKeyCredParams: PublicKeyCredentialParameters[];
  readonly authenticatorSelection: AuthenticatorSelectionCriteria;
  readonly excludeCredentials?: readonly Named[];
}

/** A refusal, in words for the reader. */
export class Refused extends Error {}

/** Tells whether this browser has passkeys on this page. */
export function hasPasskeys(): boolean {
  return window.isSecureContext && typeof PublicKeyCredential === "function";
}

/**
 * Has a passkey show who is there.
 *
 * @param address where the answer is sent; what to ask for is below it, at `/options`
 * @throws Refused by the authenticator, its user or the server
 */
export async function usePasskey(address: string, next: string): Promise<Response> {
  const asked = (await (await send(`${address}/options`, {})).json()) as RequestJson;
  const credential = await authenticator(() =>
    navigator.credentials.get({
      publicKey: {
        challenge: fromBase64Url(asked.challenge),
        rpId: asked.rpId,
        timeout: asked.timeout,
        userVerification: asked.userVerification,
        allowCredentials: (asked.allowCredentials ?? []).map(descriptor),
      },
    }),
  );
  const response = credential.response as AuthenticatorAssertionResponse;
  return send(address, {
    id: text(credential.rawId),
    client_data: text(response.clientDataJSON),
    authenticator_data: text(response.authenticatorData),
    signature: text(response.signature),
    ...(next === "" ? {} : { next }),
  });
}

/**
 * Makes a passkey and has the server keep it under `name`.
 *
 * @throws Refused by the authenticator, its user or the server
 */
export async function addPasskey(address: string, name: string): Promise<void> {
  const asked = (await (await send(`${address}/options`, {})).json()) as CreationJson;
  const credential = await authenticator(() =>
    navigator.credentials.create({
      publicKey: {
        rp: asked.rp,
        user: { ...asked.user, id: fromBase64Url(asked.user.id) },
        challenge: fromBase64Url(asked.challenge),
        timeout: asked.timeout,
        pubKeyCredParams: asked.pubKeyCredParams,
        authenticatorSelection: asked.authenticatorSelection,
        excludeCredentials: (asked.excludeCredentials ?? []).map(descriptor),
      },
    }),
  );
  const response = credential.response as AuthenticatorAttestationResponse;
  await send(address, {
    id: text(credential.rawId),
    client_data: text(response.clientDataJSON),
    attestation: text(response.attestationObject),
    name,
  });
}

function descriptor(named: Named): PublicKeyCredentialDescriptor {
  return { type: named.type, id: fromBase64Url(named.id) };
}

function text(bytes: ArrayBuffer): string {
  return toBase64Url(new Uint8Array(bytes));
}

/** Asks the authenticator; whatever keeps it from answering reads the same, as the specification has it (§14.5). */
async function authenticator(ask: () => Promise<Credential | null>): Promise<PublicKeyCredential> {
  try {
    const credential = await ask();
    if (credential instanceof PublicKeyCredential) return credential;
  } catch (error) {
    if (!(error instanceof DOMException)) throw error;
    if (error.name === "InvalidStateError") throw new Refused(t("这台设备上已经有本账号的通行密钥。"));
  }
  throw new Refused(t("没有完成。请重试，或改用密码和动态验证码。"));
}

/** Posts JSON; a refusal is worded by the server. */
async function send(address: string, body: Readonly<Record<string, string>>): Promise<Response> {
  const answer = await fetch(address, {
    method: "POST",
    headers: { "Content-Type": "application/json", Accept: "application/json" },
    body: JSON.stringify(body),
  }).catch(() => undefined);
  if (answer === undefined) throw new Refused(t("连不上服务器，请稍后重试。"));
  if (answer.ok) return answer;
  const problem = (await answer.json()) as Readonly<Record<"code" | "title" | "detail", string>>;
  if (problem.code === "proof-too-old") {
    location.assign(`/account/prove?next=${encodeURIComponent(location.pathname)}`);
  }
  throw new Refused(`${problem.title} ${problem.detail}`);
}
