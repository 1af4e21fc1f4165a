/**
 * The only two scripts of our pages. Both are conveniences: without them a link or a button does the same. Each is allowed
 * by its hash, so nothing else can run.
 */

/** Sign-in: browsers never send the `#fragment`. It is added to `return_to` here, so that the sign-in does not lose it. */
export const KEEP_FRAGMENT =
  "var u=new URL(location.href),p=u.searchParams,r=p.get('return_to')||'/';" +
  "if(u.hash.length>1&&r.indexOf('#')<0)p.set('return_to',r+u.hash);" +
  "p.set('start','1');u.hash='';location.replace(u.href)"

/** Sign-out: continues to the issuer without another click. */
export const SUBMIT_FORM = 'document.forms[0].submit()'
