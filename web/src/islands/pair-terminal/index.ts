/**
 * The form that makes this device a terminal: has the device's key go along with the code. A device that is a terminal
 * already, and only lost its session, goes back to work by itself.
 */

import { findKey, makeKey, publicHalf, showKey } from "../../lib/device_key";
import { t } from "../../lib/i18n";

const AGAIN_MS = 10_000;

export function mount(form: HTMLElement): () => void {
  const field = form.querySelector<HTMLInputElement>("input[name=public_key]");
  const button = form.querySelector<HTMLButtonElement>("button");
  const problem = form.querySelector<HTMLElement>("[data-problem]");
  let again: ReturnType<typeof setTimeout> | undefined;
  if (field === null || button === null || problem === null) return () => undefined;
  if (!window.isSecureContext || typeof indexedDB === "undefined") {
    problem.textContent = t("请用 HTTPS 网址打开，否则不能把配对绑定到这台设备。");
    problem.hidden = false;
    return () => undefined;
  }
  button.disabled = false;
  const submit = async () => {
    field.value = await publicHalf(await makeKey());
    (form as HTMLFormElement).submit();
  };
  const submitted = (event: Event) => {
    event.preventDefault();
    button.disabled = true;
    void submit();
  };
  const goBack = async () => {
    const key = await findKey();
    if (key === undefined) return;
    const standing = await showKey(key);
    if (standing === "terminal") location.replace("/kiosk");
    if (standing === "unreachable") again = setTimeout(() => void goBack(), AGAIN_MS);
  };
  form.addEventListener("submit", submitted);
  void goBack();
  return () => {
    clearTimeout(again);
    form.removeEventListener("submit", submitted);
  };
}
