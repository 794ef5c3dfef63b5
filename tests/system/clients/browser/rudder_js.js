import { RudderAnalytics } from '@rudderstack/analytics-js/bundled'

export default async function ({ host, key, trip }) {
  const analytics = new RudderAnalytics()
  analytics.load(key, host, { configUrl: host, storage: { type: 'localStorage' } })
  await new Promise((resolve) => analytics.ready(resolve))
  const products = trip.products.map(({ id, ...product }) => ({ product_id: id, ...product }))
  const { id, value, ...order } = trip.order
  const { currency } = trip
  analytics.setAnonymousId(trip.visitor)
  analytics.identify(trip.user, { plan: 'gold' })
  analytics.page('Home', trip.page)
  analytics.track('Products Searched', { query: trip.term })
  analytics.track('Product Viewed', { ...products[0], currency })
  analytics.track('Product Added', { ...products[0], currency })
  analytics.track('Checkout Started', { ...order, order_id: id, currency, products })
  analytics.track('Order Completed', { ...order, revenue: value, order_id: id, currency, products })
  analytics.track('Newsletter Signup', { topic: 'novidades' })
}
