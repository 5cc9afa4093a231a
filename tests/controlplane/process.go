package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// A process is a daemon that some call of this program started. A bare pid is
// not enough to signal it later: the kernel gives numbers out again. The start
// time and the command line say whether the number still means the same.
type process struct {
	PID   int      `json:"pid"`
	Start uint64   `json:"start"` // clock ticks since boot, from /proc/PID/stat
	Argv  []string `json:"argv"`
}

// spawn starts this very binary under the name argv[0], detached: a session of
// its own, so that neither a closed terminal nor a killed process group of the
// caller ends it, and no inherited stdio, so that `x=$(cp up DIR)` returns.
func spawn(argv []string, logFile string) (process, error) {
	self, err := os.Executable()
	if err != nil {
		return process{}, err
	}
	log, err := os.OpenFile(logFile, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return process{}, err
	}
	defer log.Close()
	cmd := &exec.Cmd{
		Path:        self,
		Args:        argv,
		Dir:         "/",
		Stdout:      log,
		Stderr:      log,
		SysProcAttr: &syscall.SysProcAttr{Setsid: true},
	}
	if err := cmd.Start(); err != nil {
		return process{}, err
	}
	// Reap it, should it die while we live; a zombie would look like a success.
	go func() { _ = cmd.Wait() }()
	_, start, err := procStat(cmd.Process.Pid)
	if err != nil {
		return process{}, fmt.Errorf("%s ended at once", argv[0])
	}
	return process{PID: cmd.Process.Pid, Start: start, Argv: argv}, nil
}

// procStat returns the state letter and the start time of a process.
func procStat(pid int) (status byte, start uint64, err error) {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, 0, err
	}
	// The second field, the name in parentheses, may itself contain both
	// spaces and parentheses: fields are counted from the last one.
	end := bytes.LastIndexByte(data, ')')
	fields := strings.Fields(string(data[end+1:]))
	if end < 0 || len(fields) < 20 {
		return 0, 0, fmt.Errorf("/proc/%d/stat: not understood", pid)
	}
	start, err = strconv.ParseUint(fields[19], 10, 64)
	return fields[0][0], start, err
}

// condition says what became of a recorded process: "gone", "paused" or "up".
func (p process) condition() string {
	if p.PID <= 0 {
		return "gone"
	}
	status, start, err := procStat(p.PID)
	// A zombie holds no port and no file. In a container whose first process
	// does not reap orphans it stays for ever.
	if err != nil || start != p.Start || status == 'Z' || status == 'X' {
		return "gone"
	}
	// Empty: in the middle of its exec. The kernel closes what is close-on-exec,
	// by which Start knows that it went well, before the new arguments are there.
	cmdline, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", p.PID))
	if err != nil || (len(cmdline) > 0 && string(cmdline) != strings.Join(p.Argv, "\x00")+"\x00") {
		return "gone"
	}
	if status == 'T' {
		return "paused"
	}
	return "up"
}

func (p process) alive() bool { return p.condition() != "gone" }

// signal sends sig if the process is still the recorded one. FindProcess takes
// a pidfd where the kernel has them, so that the number cannot change hands
// between the check and the signal.
func (p process) signal(sig syscall.Signal) error {
	handle, err := os.FindProcess(p.PID)
	if err != nil {
		return err
	}
	defer handle.Release()
	if !p.alive() {
		return os.ErrProcessDone
	}
	return handle.Signal(sig)
}

// end asks the process to stop and kills it when grace is over.
func (p process) end(grace time.Duration) error {
	if p.signal(syscall.SIGTERM) != nil {
		return nil
	}
	_ = p.signal(syscall.SIGCONT) // a frozen process would not hear SIGTERM
	if p.waitGone(grace) {
		return nil
	}
	_ = p.signal(syscall.SIGKILL)
	if !p.waitGone(10 * time.Second) {
		return fmt.Errorf("process %d (%s) does not end", p.PID, p.Argv[0])
	}
	return nil
}

func (p process) waitGone(limit time.Duration) bool {
	for deadline := time.Now().Add(limit); ; time.Sleep(10 * time.Millisecond) {
		if !p.alive() {
			return true
		}
		if time.Now().After(deadline) {
			return false
		}
	}
}
