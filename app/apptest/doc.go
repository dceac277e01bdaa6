// Package apptest gives tests a real MariaDB and a real Redis of their own, on
// loopback addresses that no other test run uses, and stops them at the end.
package apptest
