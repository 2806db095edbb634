/**
 * Opens a timetable that is wider than the screen at the present: `.gantt-now` stands beside the names (`.gt`).
 * Once only; from then on it stays where its reader puts it.
 */

const PAST_PX = 24;

export function mount(element: HTMLElement): () => void {
  const now = element.querySelector(".gantt-now");
  const name = element.querySelector(".gt");
  if (now !== null && name !== null)
    element.scrollLeft += now.getBoundingClientRect().left - name.getBoundingClientRect().right - PAST_PX;
  return () => undefined;
}
