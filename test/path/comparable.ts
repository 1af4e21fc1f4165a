/** A response without what is new in each: request ID, nonce, date, and the time on a page of a denial. */
export const withoutWhatIsNew = (text: string): string =>
  text.replaceAll(/(x-request-id,|request_id":"|nonce[-=]"?|date,|<code>|>Time: )[^\n"'<]*/g, '$1')
