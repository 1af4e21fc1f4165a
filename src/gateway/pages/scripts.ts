/**
 * The only two scripts of our pages, both conveniences: without them a link or a button does the same.
 * Each is allowed by its hash, so nothing else can run.
 */

/** Login: a browser keeps the `#fragment` to itself; it joins `return_to` here, so that it survives the issuer's form. */
export const KEEP_FRAGMENT =
  "var u=new URL(location.href),p=u.searchParams,r=p.get('return_to')||'/';" +
  "if(u.hash.length>1&&r.indexOf('#')<0)p.set('return_to',r+u.hash);" +
  "p.set('start','1');u.hash='';location.replace(u.href)"

/** Logout: continues to the issuer without a second press. */
export const SUBMIT_FORM = 'document.forms[0].submit()'
