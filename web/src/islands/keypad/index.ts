/** The terminal's number keys: a `[data-key]` types into the form's `[data-code]` field, six digits at most. */

const DIGITS = 6;

export function mount(form: HTMLElement): () => void {
  const field = form.querySelector<HTMLInputElement>("[data-code]");
  const press = (event: Event) => {
    const key = event.target instanceof Element ? event.target.closest<HTMLElement>("[data-key]") : null;
    const typed = key?.dataset["key"];
    if (field === null || typed === undefined) return;
    field.value = typed === "clear" ? "" : field.value.replace(/\D/g, "").slice(0, DIGITS - 1) + typed;
    field.dispatchEvent(new Event("input", { bubbles: true }));
  };
  form.addEventListener("click", press);
  return () => form.removeEventListener("click", press);
}
