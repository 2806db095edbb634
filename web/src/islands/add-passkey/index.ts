/** The form that makes a passkey in this device and has the server keep it. */

import { addPasskey, hasPasskeys, Refused } from "../../lib/passkey";

export function mount(form: HTMLElement): () => void {
  const name = form.querySelector<HTMLInputElement>("input");
  const button = form.querySelector<HTMLButtonElement>("button");
  const problem = form.querySelector<HTMLElement>("[data-problem]");
  if (name === null || button === null || problem === null || !hasPasskeys()) return () => undefined;
  form.hidden = false;
  const add = async () => {
    button.disabled = true;
    problem.hidden = true;
    try {
      await addPasskey("/account/passkeys", name.value);
      location.assign("/account");
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      problem.textContent = error.message;
      problem.hidden = false;
    } finally {
      button.disabled = false;
    }
  };
  const submitted = (event: Event) => {
    event.preventDefault();
    void add();
  };
  form.addEventListener("submit", submitted);
  return () => form.removeEventListener("submit", submitted);
}
