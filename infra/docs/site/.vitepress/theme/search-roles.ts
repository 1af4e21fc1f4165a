/**
 * VitePress describes its search as a button around the input, and its results as options around links. For a screen reader a
 * button and an option have no content that can be reached. The box is a dialog, and the results are a list of links.
 */
export function correctSearchRoles(): void {
  new MutationObserver(() => {
    const box = document.querySelector('.VPLocalSearchBox')
    if (box === null) return
    if (box.getAttribute('role') !== 'dialog') box.setAttribute('role', 'dialog')
    remove([box], ['aria-expanded', 'aria-haspopup', 'aria-owns'])
    remove(box.querySelectorAll('[role=listbox], [role=option], [aria-selected]'), ['role', 'aria-selected'])
    remove(box.querySelectorAll('[aria-activedescendant]'), ['aria-activedescendant'])
    for (const key of box.querySelectorAll('kbd[aria-label]:not([role])')) key.setAttribute('role', 'img')
  }).observe(document.body, {
    childList: true,
    subtree: true,
    attributeFilter: ['aria-selected', 'aria-activedescendant'],
  })
}

function remove(elements: Iterable<Element>, attributes: readonly string[]): void {
  for (const element of elements) for (const name of attributes) element.removeAttribute(name)
}
