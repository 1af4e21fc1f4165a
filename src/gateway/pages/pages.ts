import { brandOf } from './brand.ts'
import { type ChooserView, chooserPage } from './chooser-page.ts'
import { type ClientsView, clientsMissingPage, clientsPage } from './clients-page.ts'
import { type ConnectView, connectPage } from './connect-page.ts'
import {
  connectPageHeaders,
  leavePageHeaders,
  type PageConfig,
  type PageHeaders,
  pageHeaders,
  startPageHeaders,
  withoutReferrer,
} from './headers.ts'
import { layout, type PageContent, type Who } from './layout.ts'
import {
  confirmLogoutPage,
  frontchannelLogoutPage,
  type LeaveView,
  leavePage,
  type SignedOutView,
  signedOutPage,
} from './logout-pages.ts'
import { type PortalView, portalPage } from './portal-page.ts'
import { type RefusalView, refusalPage } from './refusal-page.ts'
import { DENIAL } from './scripts/own-scripts.ts'
import { continuePage, startPage } from './start-page.ts'

/** A page with its headers. The caller sets the status. */
export interface Page {
  readonly headers: PageHeaders
  readonly html: string
}

export interface Pages {
  portal(view: PortalView): Page
  chooser(view: ChooserView): Page
  connect(view: ConnectView): Page
  clients(view: ClientsView): Page
  clientsMissing(): Page
  refusal(view: RefusalView): Page
  confirmLogout(view: { who?: Who | undefined; returnTo?: string | undefined }): Page
  leave(view: LeaveView): Page
  signedOut(view: SignedOutView): Page
  /** @param view.framedBy Origins whose pages may show it in a frame. */
  frontchannelLogout(view: { readonly ended: boolean; readonly framedBy: readonly string[] }): Page
  start(href: string): Page
  /** Continues at once, as a navigation from our own origin: for cookies that a redirect from another site would not send. */
  continue(href: string): Page
}

/** All pages of the gateway. */
export function buildPages(config: PageConfig): Pages {
  const brand = brandOf(config.portal)
  const plain = pageHeaders(config)
  const bare = withoutReferrer(plain)
  const start = startPageHeaders(config)
  const connect = connectPageHeaders(config)
  const page = (headers: PageHeaders, content: PageContent): Page => ({ headers, html: layout(brand, content) })
  const denial = pageHeaders(config, { script: DENIAL })
  // Without forms no referrer is needed, and the URL may contain an authorization code (RFC 9700 §4.2.4).
  const bareDenial = withoutReferrer(denial)

  return {
    portal: (view) => page(plain, portalPage(view)),
    chooser: (view) => page(plain, chooserPage(view)),
    connect: (view) => page(connect, connectPage(view)),
    clients: (view) => page(bare, clientsPage(view)),
    clientsMissing: () => page(bare, clientsMissingPage()),
    refusal: (view) => page(view.who === undefined ? bareDenial : denial, refusalPage(view)),
    confirmLogout: (view) => page(plain, confirmLogoutPage(view)),
    signedOut: (view) => page(bare, signedOutPage(view)),
    frontchannelLogout: (view) =>
      page(withoutReferrer(pageHeaders(config, { framedBy: view.framedBy })), frontchannelLogoutPage(view)),
    start: (href) => page(start, startPage(href)),
    continue: (href) => page(bare, continuePage(href)),
    leave: (view) => page(leavePageHeaders(config, new URL(view.endpoint)), leavePage(view)),
  }
}
