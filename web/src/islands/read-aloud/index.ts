/**
 * Reads the page's `[data-speak]` aloud. The button, and what is said of it in `[data-aloud]`, stay hidden on a machine
 * that has no voice for the language.
 */

export function mount(button: HTMLElement): () => void {
  const voices = "speechSynthesis" in window ? window.speechSynthesis : null;
  const offer = () => {
    button.hidden = voices === null || !voices.getVoices().some((voice) => speaksPage(voice.lang));
    for (const words of document.querySelectorAll<HTMLElement>("[data-aloud]")) words.hidden = button.hidden;
  };
  const read = () => {
    voices?.cancel();
    for (const part of document.querySelectorAll<HTMLElement>("[data-speak]")) {
      const speech = new SpeechSynthesisUtterance(part.innerText);
      speech.lang = document.documentElement.lang;
      speech.rate = 0.85;
      voices?.speak(speech);
    }
  };
  offer();
  voices?.addEventListener("voiceschanged", offer);
  button.addEventListener("click", read);
  return () => {
    voices?.cancel();
    voices?.removeEventListener("voiceschanged", offer);
    button.removeEventListener("click", read);
  };
}

function speaksPage(language: string): boolean {
  return language.slice(0, 2) === document.documentElement.lang.slice(0, 2);
}
