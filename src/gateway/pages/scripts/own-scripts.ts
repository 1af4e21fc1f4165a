/**
 * The only scripts of our pages. Each is a convenience: without it a link, a button or a selection does the same. Each is
 * allowed by its hash, so nothing else can run.
 */

/** Sign-in: browsers never send the `#fragment`. It is added to `return_to` here, so that the sign-in does not lose it. */
export const KEEP_FRAGMENT =
  "var u=new URL(location.href),p=u.searchParams,r=p.get('return_to')||'/';" +
  "if(u.hash.length>1&&r.indexOf('#')<0)p.set('return_to',r+u.hash);" +
  "p.set('start','1');u.hash='';location.replace(u.href)"

/** Commands: a button that copies each of them. Where the browser does not permit it, the text is selected instead. */
export const COPY_BUTTONS = `
const said = document.getElementById('copied')
for (const block of document.querySelectorAll('.snippet pre')) {
  const label = block.getAttribute('aria-label')
  const button = document.createElement('button')
  button.type = 'button'
  button.className = 'quiet copy'
  button.textContent = 'Copy'
  button.setAttribute('aria-label', 'Copy: ' + label)
  const show = (text, words) => {
    button.textContent = text
    said.textContent = words
    setTimeout(() => { button.textContent = 'Copy' }, 2000)
  }
  button.addEventListener('click', async () => {
    try {
      await navigator.clipboard.writeText(block.textContent)
      show('Copied', label + ': copied')
    } catch {
      getSelection().selectAllChildren(block)
      show('Selected', label + ': selected, copy it with the keyboard')
    }
  })
  block.parentElement.append(button)
}
`

/** Sign-out: continues to the issuer without another click. */
export const SUBMIT_FORM = 'document.forms[0].submit()'

/**
 * Denials. Trying again: a link to the same place would lose the `#fragment`, in which MLflow keeps its page. Copying: a
 * button; where the browser does not permit it, the text is selected instead.
 */
export const DENIAL = `
const retry = document.getElementById('retry')
if (retry) retry.addEventListener('click', (event) => {
  if (retry.href !== location.href.split('#')[0]) return
  event.preventDefault()
  location.reload()
})
const details = document.getElementById('details')
const text = details.querySelector('pre')
const said = document.getElementById('copied')
const LABEL = 'Copy details for your administrator'
const button = document.createElement('button')
button.type = 'button'
button.className = 'quiet'
button.textContent = LABEL
const show = (words) => {
  button.textContent = words
  said.textContent = words
  setTimeout(() => { button.textContent = LABEL; said.textContent = '' }, 4000)
}
button.addEventListener('click', async () => {
  try {
    await navigator.clipboard.writeText(text.textContent)
    show('Copied. Paste it into a message.')
  } catch {
    details.open = true
    getSelection().selectAllChildren(text)
    show('Selected. Copy it with the keyboard.')
  }
})
document.querySelector('.actions').append(button)
`
