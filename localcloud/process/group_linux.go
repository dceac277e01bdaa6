package process

import "syscall"

// ownGroup keeps a terminal's Ctrl-C from the child and has the kernel end it
// when we are killed. Databases take SIGTERM as an orderly shutdown.
func ownGroup() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
}
