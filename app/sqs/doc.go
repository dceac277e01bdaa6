// Package sqs is the fan-out queue on Amazon SQS: at least once, in no order.
package sqs
