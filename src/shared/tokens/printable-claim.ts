/** Claims are the issuer's words: short, and of characters that no log or header reads as anything else. */
export const printableClaim = (value: string): string => value.slice(0, 100).replace(/[^\x21\x23-\x5b\x5d-\x7e]/g, '?')
