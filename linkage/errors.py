"""The exceptions of `linkage`.

LinkageError
├── BadSettings        a settings file is wrong: names file, key and how to mend it
├── PortRefused        an address we should listen on is taken or not ours: a person must act
├── NoSuchIncident     no incident with this id
├── StaleVersion       the incident has changed since the caller saw it; carries its version now
├── StepNotAllowed     the step is not possible now; the text says why, Chinese first
├── NoSuchPlan         no response plan with this id, or it has no such item
├── NoSuchPicture      a file name that is no picture of the evidence folder
├── ClipNotReady       the clip is being made still: ask again
└── EvidenceNotKept    a picture could not be written (disk full, not writable): try again
"""


class LinkageError(Exception):
    """Anything this package raises on purpose. The text is one clear sentence for a person."""


class BadSettings(LinkageError):
    """A settings file cannot be used until a person mends it."""


class PortRefused(LinkageError):
    """We cannot listen where the settings say."""


class NoSuchIncident(LinkageError):
    """There is no incident with this id."""


class StaleVersion(LinkageError):
    """The caller decided on an older version of the incident."""

    def __init__(self, current: int) -> None:
        super().__init__(f"警情已更新到第 {current} 版 / the incident has changed (now {current})")
        self.current = current


class StepNotAllowed(LinkageError):
    """The incident does not allow this step now."""


class NoSuchPlan(LinkageError):
    """There is no such response plan, or no such item in it."""


class NoSuchPicture(LinkageError):
    """The evidence folder has no such picture."""


class ClipNotReady(LinkageError):
    """The clip is being made still."""


class EvidenceNotKept(LinkageError):
    """The picture is not on disk; the same call may succeed later."""
