from controlpanel.accounts.remembered import LIFETIME, Remembered


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_right_secret_is_found_for_its_owner_and_its_hash() -> None:
    memory = Remembered()
    memory.remember(1, "secret", "argon2$hash")
    assert memory.find(1, "secret", [b"key", "argon2$hash"]) == "argon2$hash"
    assert memory.find(1, "Secret", ["argon2$hash"]) is None
    assert memory.find(2, "secret", ["argon2$hash"]) is None
    assert memory.find(1, "secret", ["argon2$another"]) is None
    assert memory.find(1, "secret", []) is None


def test_it_tells_which_device_had_the_secret() -> None:
    memory = Remembered()
    memory.remember(1, "aaaa-bbbb", b"key two")
    assert memory.find(1, "aaaa-bbbb", [b"key one", b"key two"]) == b"key two"


def test_a_changed_password_forgets_at_once_and_the_new_one_is_remembered() -> None:
    memory = Remembered()
    memory.remember(1, "secret", "old hash")
    memory.remember(1, "secret", "new hash")
    assert memory.find(1, "secret", ["old hash"]) is None
    assert memory.find(1, "secret", ["new hash"]) == "new hash"


def test_after_a_day_it_is_checked_again() -> None:
    clock = Clock()
    memory = Remembered(clock=clock)
    memory.remember(1, "secret", "hash")
    clock.now += LIFETIME - 1
    assert memory.find(1, "secret", ["hash"])
    clock.now += 1
    assert memory.find(1, "secret", ["hash"]) is None
    assert len(memory) == 0


def test_it_is_bounded_and_keeps_what_is_used() -> None:
    memory = Remembered(capacity=3)
    for owner in (1, 2, 3):
        memory.remember(owner, "secret", "hash")
    assert memory.find(1, "secret", ["hash"])
    memory.remember(4, "secret", "hash")
    assert [bool(memory.find(owner, "secret", ["hash"])) for owner in (1, 2, 3, 4)] == [True, False, True, True]
    assert len(memory) == 3


def test_owner_and_secret_do_not_run_together() -> None:
    memory = Remembered()
    memory.remember(1, "1secret", "hash")
    assert memory.find(11, "secret", ["hash"]) is None


def test_neither_secret_nor_hash_lies_in_it() -> None:
    memory = Remembered()
    memory.remember(1, "hunter2hunter2", "argon2$hash")
    assert "hunter2" not in repr(vars(memory))
    assert "argon2$hash" not in repr(vars(memory))
    assert memory._entries.keys().isdisjoint(Remembered()._entries.keys())


def test_two_processes_have_two_keys() -> None:
    one, two = Remembered(), Remembered()
    for memory in (one, two):
        memory.remember(1, "secret", "hash")
    assert one._entries.keys().isdisjoint(two._entries.keys())
