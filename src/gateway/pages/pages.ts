import type { Config } from '../config/schema.ts'
import { type ChooserView, chooserPage } from './chooser-page.ts'
import { type ClientsView, clientsMissingPage, clientsPage } from './clients-page.ts'
import { leavePageHeaders, type PageHeaders, pageHeaders, startPageHeaders, withoutReferrer } from './headers.ts'
import type { Who } from './layout.ts'
import { confirmLogoutPage, type LeaveView, leavePage, type SignedOutView, signedOutPage } from './logout-pages.ts'
import { type PortalView, portalPage } from './portal-page.ts'
import { type RefusalView, refusalPage } from './refusal-page.ts'
import { continuePage, startPage } from './start-page.ts'

/** A page with its headers. The caller sets the status. */
export interface Page {
  readonly headers: PageHeaders
  readonly html: string
}

export interface Pages {
  portal(view: PortalView): Page
  chooser(view: ChooserView): Page
  clients(view: ClientsView): Page
  clientsMissing(): Page
  refusal(view: RefusalView): Page
  confirmLogout(view: { who?: Who | undefined; returnTo?: string | undefined }): Page
  leave(view: LeaveView): Page
  signedOut(view: SignedOutView): Page
  start(href: string): Page
  /** Continues at once, as a navigation from our own origin: for cookies that a redirect from another site would not send. */
  continue(href: string): Page
}

/** All pages of the gateway. */
export function buildPages(config: Pick<Config, 'server' | 'routes'>): Pages {
  const plain = pageHeaders(config)
  const bare = withoutReferrer(plain)
  const start = startPageHeaders(config)
  return {
    portal: (view) => ({ headers: plain, html: portalPage(view) }),
    chooser: (view) => ({ headers: plain, html: chooserPage(view) }),
    clients: (view) => ({ headers: bare, html: clientsPage(view) }),
    clientsMissing: () => ({ headers: bare, html: clientsMissingPage() }),
    // Without forms no referrer is needed, and the URL may contain an authorization code (RFC 9700 §4.2.4).
    refusal: (view) => ({ headers: view.who === undefined ? bare : plain, html: refusalPage(view) }),
    confirmLogout: (view) => ({ headers: plain, html: confirmLogoutPage(view) }),
    signedOut: (view) => ({ headers: bare, html: signedOutPage(view) }),
    start: (href) => ({ headers: start, html: startPage(href) }),
    continue: (href) => ({ headers: bare, html: continuePage(href) }),
    leave: (view) => ({ headers: leavePageHeaders(config, new URL(view.endpoint)), html: leavePage(view) }),
  }
}
