/** The label tells the truth in every state: it says “encrypted” exactly while agreed keys seal what is sent. */

import { describe, expect, test } from "vitest";
import type { Agreed } from "../../src/lib/e2ee/agreement";
import type { KeyState } from "../../src/lib/e2ee/exchange";
import { type Evidence, encryptionStatement } from "../../src/lib/room/statement";

const CODE = "38076192";
const agreed: Agreed = {
  roster: { meeting: "m".repeat(26), epoch: 3, members: [] },
  safetyCode: CODE,
  own: {},
  others: new Map(),
};

function evidence(keys: Partial<KeyState>, more: Partial<Evidence> = {}): Evidence {
  return {
    stage: "inside",
    keys: { phase: "none", inUse: undefined, stopped: undefined, ...keys },
    comparedCode: undefined,
    hasComparedBefore: false,
    hasLeaked: false,
    ...more,
  };
}

const inUse: Partial<KeyState> = { phase: "agreed", inUse: agreed };

describe("the label", () => {
  test.each<[string, Evidence, string, string, string | undefined]>([
    [
      "in the waiting room",
      evidence({}, { stage: "waiting" }),
      "neutral",
      "尚未接通，不传声音和画面",
      undefined,
    ],
    ["alone", evidence({}), "neutral", "只有您一人，不传声音和画面", undefined],
    [
      "before the first keys",
      evidence({ phase: "agreeing" }),
      "warn",
      "正在协商密钥，接通前不传声音和画面",
      undefined,
    ],
    ["with keys", evidence(inUse), "warn", "端到端加密，口令待核对", "38 07 61 92"],
    [
      "with keys whose code was compared",
      evidence(inUse, { comparedCode: CODE, hasComparedBefore: true }),
      "ok",
      "端到端加密，口令已核对",
      "38 07 61 92",
    ],
    [
      "with a code that came up after another was compared",
      evidence(inUse, { comparedCode: "00000000", hasComparedBefore: true }),
      "warn",
      "换人后请重新核对口令",
      "38 07 61 92",
    ],
    [
      "while keys change",
      evidence({ phase: "agreeing", inUse: agreed }, { comparedCode: CODE }),
      "warn",
      "端到端加密，有人进出，正在更换密钥",
      "38 07 61 92",
    ],
    [
      "after a check failed",
      evidence({ phase: "stopped", stopped: "wrong-reveal" }),
      "bad",
      "密钥核对失败，已停止传送",
      undefined,
    ],
    ["after a leak", evidence(inUse, { hasLeaked: true }), "bad", "加密没有生效，已停止传送", undefined],
  ])("%s", (_when, facts, tone, text, code) => {
    const statement = encryptionStatement(facts);
    expect([statement.tone, statement.text, statement.code]).toEqual([tone, text, code]);
  });

  test("claims encryption only with keys in use, and that all is well only once the code was compared", () => {
    for (const phase of ["none", "agreeing", "agreed", "stopped"] as const) {
      for (const used of [undefined, agreed]) {
        for (const comparedCode of [undefined, CODE, "00000000"]) {
          for (const hasLeaked of [false, true]) {
            const facts = evidence({ phase, inUse: used }, { comparedCode, hasLeaked });
            const { tone, text } = encryptionStatement(facts);
            const isSealed = used !== undefined && !hasLeaked;
            if (text.startsWith("端到端加密")) expect(isSealed).toBe(true);
            expect(tone === "ok").toBe(isSealed && phase !== "agreeing" && comparedCode === CODE);
          }
        }
      }
    }
  });

  test("says what to do where a check failed", () => {
    for (const stopped of ["wrong-reveal", "different-codes", "too-many-epochs", "fault"] as const) {
      expect(encryptionStatement(evidence({ phase: "stopped", stopped })).advice).toContain("刷新本页");
    }
  });
});
