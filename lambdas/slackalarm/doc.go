// Command slackalarm is the Lambda that tells on-call in Slack what an SNS topic
// received: an alarm of CloudWatch, an event of RDS, or an event of EventBridge.
//
// One record makes one message, which says what broke, where, how far it
// reaches, since when, what to run next, and where the runbook is. The meaning,
// the reach and the command of an alarm are in its description, which the
// catalogue in infra writes; those of events are here. What it does not know it
// passes on as text: nothing that arrives is dropped. A message that Slack does
// not take is an error, so that Lambda tries again and then keeps the record in
// the dead-letter queue.
package main
