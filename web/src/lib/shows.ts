/** Lets a `<video>` show a stream: `<video ${shows(stream)}>`. */

import { noChange } from "lit";
import { Directive, directive, type ElementPart, type PartInfo, PartType } from "lit/directive.js";

/**
 * Gives a video its stream once. A plain `.srcObject=${stream}` is set with every drawing, for Lit takes an object
 * for changed each time, and setting it starts picture and sound anew.
 */
class Shows extends Directive {
  constructor(part: PartInfo) {
    super(part);
    if (part.type !== PartType.ELEMENT) throw new TypeError("shows() stands inside a tag");
  }

  render(_stream: MediaStream | undefined): unknown {
    return noChange;
  }

  override update({ element }: ElementPart, [stream = null]: [MediaStream | null | undefined]): unknown {
    if (element instanceof HTMLVideoElement && element.srcObject !== stream) element.srcObject = stream;
    return noChange;
  }
}

export const shows = directive(Shows);
