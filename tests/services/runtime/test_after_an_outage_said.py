"""Writes that nobody acknowledged, beside those of others: one id never has two bodies (V9)."""

from runtime_given import Ground, said, told, triggers
from test_after_an_outage import Mute

from services.runtime.arrivals import Due
from services.runtime.delivery import deliver, settle
from services.runtime.ports import Unknown


async def done(saga="a"):
    ground = Ground(told("contract"))
    await deliver(ground.delivery(), triggers("contract", saga))
    ground.clock.go_on(60)
    return ground, ground.store.documents[saga]


async def test_v9_two_sweepers_of_which_one_is_not_acknowledged_say_one_body_under_one_id():
    ground, one = await done()

    class Race(Mute):
        async def write(self, documents, sent):
            if self.mutes:
                self.mutes -= 1
                await settle(ground.delivery(), {"a": [Due("watch")]}, {"a": one})  # the other
                return [Unknown()] * len(documents)
            return await self.inner.write(documents, sent)

    mute = Race(ground.store, ground.clock, is_done=False)
    await settle(ground.delivery(store=mute), {"a": [Due("watch")]}, {"a": one})
    assert [len(bodies) for bodies in said(ground.log).values()] == [1, 1, 1]


async def test_v9_one_worker_whose_first_write_lands_after_its_read():
    ground, one = await done()

    class Late(Mute):
        late = ()

        async def write(self, documents, sent):
            self.mutes -= 1
            if self.mutes == 1:
                self.late = documents
                return [Unknown()] * len(documents)
            if self.mutes == 0:
                await self.inner.write(self.late, {})  # lands only now
                await self.inner.write(documents, sent)  # misses, and nobody hears of that
                return [Unknown()] * len(documents)
            return await self.inner.write(documents, sent)

    late = Late(ground.store, ground.clock, is_done=False, mutes=2)
    await settle(ground.delivery(store=late), {"a": [Due("watch")]}, {"a": one})
    await deliver(ground.delivery(), triggers("contract", "a"))  # heard again: says its outbox
    assert [len(bodies) for bodies in said(ground.log).values()] == [1, 1, 1]
