/**
 * The button that shows by passkey who is there. On the sign-in page it then goes where the server says; beside a
 * form that waits for it (`data-goes-on`), it posts that.
 */

import { hasPasskeys, Refused, usePasskey } from "../../lib/passkey";

export function mount(element: HTMLElement): () => void {
  const button = element.querySelector<HTMLButtonElement>("[data-ask]");
  const problem = element.querySelector<HTMLElement>("[data-problem]");
  if (button === null || problem === null || !hasPasskeys()) return () => undefined;
  element.hidden = false;
  const ask = async () => {
    button.disabled = true;
    problem.hidden = true;
    try {
      const answer = await usePasskey(element.dataset["address"] ?? "", element.dataset["next"] ?? "");
      await goOn(answer);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      problem.textContent = error.message;
      problem.hidden = false;
    } finally {
      button.disabled = false;
    }
  };
  const pressed = () => void ask();
  button.addEventListener("click", pressed);
  return () => button.removeEventListener("click", pressed);
}

async function goOn(answer: Response): Promise<void> {
  const waiting = document.querySelector<HTMLFormElement>("form[data-goes-on]");
  if (waiting !== null) {
    waiting.submit();
    return;
  }
  const { next } = (await answer.json()) as { readonly next: string };
  location.assign(next);
}
