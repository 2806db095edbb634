/** Words of the interface: Chinese in the source, English from the one catalogue `locale/en.po`. */

let english: Readonly<Record<string, string>> = {};

/** Makes ready the words of the page's language; Chinese needs none. */
export async function loadWords(language: string): Promise<void> {
  if (!language.startsWith("en")) return;
  english = (await import("../../locale/en.po")).messages;
}

/** The message in the page's language, with its `{places}` filled. */
export function t(message: string, values: Readonly<Record<string, string | number>> = {}): string {
  return (english[message] ?? message).replace(/\{(\w+)\}/g, (place, name: string) =>
    String(values[name] ?? place),
  );
}
