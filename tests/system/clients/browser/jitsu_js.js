import { jitsuAnalytics } from '@jitsu/js'

export default async function ({ host, key, trip }) {
  const analytics = jitsuAnalytics({ host, writeKey: `${key}:secret-part` })
  const products = trip.products.map(({ id, ...product }) => ({ product_id: id, ...product }))
  const { id, value, ...order } = trip.order
  const { currency } = trip
  await analytics.setAnonymousId?.(trip.visitor)
  const calls = [
    () => analytics.identify(trip.user, { plan: 'gold' }),
    () => analytics.page('Home', trip.page),
    () => analytics.track('Products Searched', { query: trip.term }),
    () => analytics.track('Product Viewed', { ...products[0], currency }),
    () => analytics.track('Product Added', { ...products[0], currency }),
    () => analytics.track('Checkout Started', { ...order, order_id: id, currency, products }),
    () => analytics.track('Order Completed', { ...order, revenue: value, order_id: id, currency, products }),
    () => analytics.track('Newsletter Signup', { topic: 'novidades' }),
  ]
  for (const call of calls) await call()
}
