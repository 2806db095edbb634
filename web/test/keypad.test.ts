import { expect, test } from "vitest";
import { mount } from "../src/islands/keypad";

test("keys type six digits and no more", () => {
  document.body.innerHTML =
    '<form><input data-code><button type="button" data-key="7"></button><button type="button" data-key="clear"></button></form>';
  const form = document.querySelector("form") as HTMLElement;
  const [seven, clear] = form.querySelectorAll("button");
  const end = mount(form);
  for (let n = 0; n < 8; n += 1) seven?.click();
  expect(form.querySelector("input")?.value).toBe("777777");
  clear?.click();
  expect(form.querySelector("input")?.value).toBe("");
  end();
  seven?.click();
  expect(form.querySelector("input")?.value).toBe("");
});
