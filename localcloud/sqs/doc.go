// Package sqs is Amazon SQS for standard queues: the AWS JSON protocol over
// queues kept in memory, each with a journal on disk. An operation is
// answered after it was written to the journal, so no accepted message is
// lost when this process is killed; only the death of the machine itself may
// lose the last ones (there is no fsync).
//
// Delivery is at least once, in order as a rule. A receipt handle is good for
// the last receive of its message only: a delete by an older one succeeds and
// deletes nothing, as it may on AWS.
//
// What a caller may do is asked for each action, and so is the key of an encrypted
// queue; nothing is encrypted.
//
// Not reproduced: FIFO queues, CreateQueue and the like (the Pulumi program
// declares queues), redrive-allow policies, DLQ
// redrive tasks, the one purge a minute, AWS's latencies.
package sqs
