import ga4mp from '@analytics-debugger/ga4mp'

export default async function ({ host, key, trip }) {
  const analytics = ga4mp([key], { client_id: trip.visitor, user_id: trip.user })
  // Its address is fixed: what the configuration of a shop's tag would say is said here to the browser.
  const beacon = navigator.sendBeacon.bind(navigator)
  const moved = (url) => String(url).replace('https://www.google-analytics.com', host)
  navigator.sendBeacon = (url, ...more) => beacon(moved(url), ...more)
  const get = window.fetch.bind(window)
  window.fetch = (url, ...more) => get(moved(url), ...more)
  const { currency } = trip
  const items = trip.products.map((product) => ({
    item_id: product.id, item_name: product.name, item_brand: product.brand, item_category: product.category,
    item_variant: product.variant, price: product.price, quantity: product.quantity,
  }))
  const { id, value, coupon, shipping, tax } = trip.order
  analytics.trackEvent('page_view')
  analytics.trackEvent('search', { search_term: trip.term })
  analytics.trackEvent('view_item', { currency, items: [items[0]] })
  analytics.trackEvent('add_to_cart', { currency, items: [items[0]] })
  analytics.trackEvent('begin_checkout', { currency, value, items })
  analytics.trackEvent('purchase', { transaction_id: id, currency, value, coupon, shipping, tax, items })
  analytics.trackEvent('newsletter_signup', { topic: 'novidades' })
}
