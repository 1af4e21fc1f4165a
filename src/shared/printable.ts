/**
 * Characters that could forge a line, its order or its look in a terminal: controls, line separators, marks and overrides
 * of direction, spaces without a width, and tags. Joiners are part of names in many languages, and stay.
 */
const UNPRINTABLE =
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]/u
const EACH = new RegExp(UNPRINTABLE.source, 'gu')

/** A text that somebody else chose, as one line of a terminal or a log may contain it. */
export const printable = (text: string): string => (UNPRINTABLE.test(text) ? text.replace(EACH, '\ufffd') : text)
