import { AnalyticsBrowser } from '@segment/analytics-next'

export default async function ({ host, key, trip }) {
  const url = new URL(host)
  const analytics = AnalyticsBrowser.load(
    { writeKey: key, cdnURL: host },
    { integrations: { 'Segment.io': { apiHost: `${url.host}/v1`, protocol: 'http' } } },
  )
  const products = trip.products.map(({ id, ...product }) => ({ product_id: id, ...product }))
  const { id, value, ...order } = trip.order
  const { currency } = trip
  analytics.setAnonymousId(trip.visitor)
  await analytics.identify(trip.user, { plan: 'gold' })
  await analytics.page('Home', trip.page)
  await analytics.track('Products Searched', { query: trip.term })
  await analytics.track('Product Viewed', { ...products[0], currency })
  await analytics.track('Product Added', { ...products[0], currency })
  await analytics.track('Checkout Started', { ...order, order_id: id, currency, products })
  await analytics.track('Order Completed', { ...order, revenue: value, order_id: id, currency, products })
  await analytics.track('Newsletter Signup', { topic: 'novidades' })
}
