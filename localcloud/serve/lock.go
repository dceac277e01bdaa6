package serve

import (
	"fmt"
	"os"
	"strings"
	"syscall"
)

// lock makes sure of one local cloud per directory. The kernel frees it when
// the process dies, however it dies.
func lock(path string) (unlock func(), err error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		pid, _ := os.ReadFile(path)
		file.Close()
		return nil, fmt.Errorf("another local cloud runs in this directory (pid %s): "+
			"'localcloud status' shows it, 'localcloud down' ends it", strings.TrimSpace(string(pid)))
	}
	if err := file.Truncate(0); err != nil {
		file.Close()
		return nil, err
	}
	fmt.Fprintln(file, os.Getpid())
	return func() { file.Close() }, nil
}
