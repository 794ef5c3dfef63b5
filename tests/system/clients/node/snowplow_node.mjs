import * as snowplow from '@snowplow/node-tracker'

const SCHEMAS = 'iglu:com.snowplowanalytics.snowplow.ecommerce'
const action = (type, more) => ({
  event: { schema: `${SCHEMAS}/snowplow_ecommerce_action/jsonschema/1-0-2`, data: { type, ...more } },
})
const entity = (name, data) => ({ schema: `${SCHEMAS}/${name}/jsonschema/1-0-0`, data })

export default async function ({ host, key, trip }) {
  const tracker = snowplow.newTracker({ namespace: 't', appId: key }, { endpoint: host, bufferSize: 1 })
  tracker.setUserId(trip.user)
  tracker.setDomainUserId(trip.visitor)
  const products = trip.products.map((product) => entity('product', { ...product, currency: trip.currency }))
  const { id, value, coupon, shipping, tax } = trip.order
  const transaction = entity('transaction', {
    transaction_id: id, revenue: value, currency: trip.currency, shipping, tax, discount_code: coupon,
  })
  const build = (event) => snowplow.buildSelfDescribingEvent(event)
  tracker.track(snowplow.buildPageView({ pageUrl: trip.page.url, pageTitle: trip.page.title, referrer: trip.page.referrer }))
  tracker.track(build(action('product_view')), [products[0]])
  tracker.track(build(action('add_to_cart')), [products[0]])
  tracker.track(build(action('checkout_step')), [entity('checkout_step', { step: 1 })])
  tracker.track(build(action('transaction')), [transaction, ...products])
  tracker.track(snowplow.buildStructEvent({ category: 'forms', action: 'Newsletter Signup', label: 'novidades' }))
  // What failed stays in the tracker's queue until the next event or flush, as in a server that goes on.
  for (let n = 0; n < 12; n++) {
    await tracker.flush()
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  return []
}
