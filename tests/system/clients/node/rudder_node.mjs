import RudderAnalytics from '@rudderstack/rudder-sdk-node'

export default async function ({ host, key, trip }) {
  const analytics = new RudderAnalytics(key, { dataPlaneUrl: host, flushAt: 3, flushInterval: 200 })
  const who = { anonymousId: trip.visitor, userId: trip.user }
  const products = trip.products.map(({ id, ...product }) => ({ product_id: id, ...product }))
  const { id, value, ...order } = trip.order
  const { currency } = trip
  analytics.page({ ...who, name: 'Home', properties: trip.page })
  analytics.track({ ...who, event: 'Products Searched', properties: { query: trip.term } })
  analytics.track({ ...who, event: 'Product Viewed', properties: { ...products[0], currency } })
  analytics.track({ ...who, event: 'Product Added', properties: { ...products[0], currency } })
  analytics.track({ ...who, event: 'Checkout Started', properties: { ...order, order_id: id, currency, products } })
  analytics.track({ ...who, event: 'Order Completed', properties: { ...order, revenue: value, order_id: id, currency, products } })
  analytics.track({ ...who, event: 'Newsletter Signup', properties: { topic: 'novidades' } })
  analytics.identify({ ...who, traits: { plan: 'gold' } })
  await analytics.flush()
  return []
}
