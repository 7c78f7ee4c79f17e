// A board's USB: as a host sees it transfer by transfer, and as WebUSB shows it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { VirtualBoard, VirtualBoardError, VirtualUsb, alone, behind, bootloader, running } from './package.mjs';

const named = (name) => (error) => error.name === name || assert.fail(`${error.name}: ${error.message}`);
const text = (data) => new TextDecoder().decode(data);
const encode = (words) => new TextEncoder().encode(words);
const DFU = { requestType: 'class', recipient: 'interface', value: 0, index: 0 };
const GETSTATUS = { ...DFU, request: 3 };

/** Waits, in virtual time, for an event of usb. */
const next = (usb, type) => new Promise((resolve) => usb.addEventListener(type, resolve, { once: true }));

async function deviceOf(firmware, options) {
  const board = await running(firmware, options);
  const usb = new VirtualUsb(board);
  const [device] = await usb.getDevices();
  await device.open();
  await device.selectConfiguration(1);
  return { board, usb, device };
}

test('the host enumerates the device and speaks to all its endpoints', async () => {
  const board = await running(alone('bulk-echo'));
  assert.throws(() => board.usb.in(0x81, 64), /no device is configured/);
  assert.equal(board.usb.isConfigured, false);
  board.usb.enumerate();
  assert.ok(board.usb.isAttached && board.usb.isConfigured);
  assert.equal(board.usb.out(1, encode('to and fro')), 10);
  assert.equal(text(board.usb.in(0x82, 64)), 'to and fro');
  assert.throws(() => board.usb.in(0x82, 64, { within: 10 }), { code: 'TIMED_OUT' });
  assert.throws(() => board.usb.out(9, encode('a')), /no endpoint 0x09/);
  assert.throws(() => board.usb.in(1, 64), /an IN endpoint is a whole number from 129 to 143, not 1/);
  assert.throws(() => board.usb.controlIn({ bmRequestType: 0x80, bRequest: 0x7f }, 4), { code: 'STALLED' });
  board.plug(false);
  assert.throws(() => board.usb.out(1, encode('a')), VirtualBoardError);
});

test('nothing on the bus is told in time', async () => {
  const board = await VirtualBoard.create();
  assert.throws(() => board.usb.enumerate({ within: 100 }), { code: 'GONE', message: /no device was attached/ });
  const usb = new VirtualUsb(board);
  assert.deepEqual(await usb.getDevices(), []);
  await assert.rejects(usb.requestDevice({ filters: [] }), named('NotFoundError'));
  await assert.rejects(usb.requestDevice(), TypeError);
});

test('a page sees the descriptors of a device', async () => {
  const { device } = await deviceOf(bootloader());
  assert.deepEqual([device.vendorId, device.productId, device.productName], [0x1209, 0xdb42, 'DAPBoot DFU Bootloader']);
  assert.deepEqual([device.usbVersionMajor, device.usbVersionMinor, device.deviceVersionMajor], [2, 1, 1]);
  assert.equal(device.serialNumber.length, 24);
  const [{ alternate, interfaceNumber }] = device.configuration.interfaces;
  assert.deepEqual([interfaceNumber, alternate.interfaceClass, alternate.interfaceProtocol, alternate.interfaceName], [0, 0xfe, 2, 'DAPBoot DFU']);
  const bulk = await deviceOf(alone('bulk-echo'));
  assert.deepEqual(bulk.device.configuration.interfaces[0].alternate.endpoints.map((one) => [one.endpointNumber, one.direction, one.type, one.packetSize]), [
    [1, 'out', 'bulk', 64],
    [2, 'in', 'bulk', 64],
  ]);
});

test('a device is chosen by filters', async () => {
  const usb = new VirtualUsb(await running(bootloader()));
  const fits = [{ vendorId: 0x1209 }, { vendorId: 0x1209, productId: 0xdb42 }, { classCode: 0xfe, subclassCode: 1, protocolCode: 2 }];
  for (const filter of fits) assert.equal((await usb.requestDevice({ filters: [{ vendorId: 1 }, filter] })).vendorId, 0x1209);
  for (const filter of [{ vendorId: 1 }, { vendorId: 0x1209, productId: 1 }, { classCode: 3 }, { classCode: 0xfe, subclassCode: 2 }, { serialNumber: 'x' }])
    await assert.rejects(usb.requestDevice({ filters: [filter] }), named('NotFoundError'), JSON.stringify(filter));
  await assert.rejects(usb.requestDevice({ filters: [], exclusionFilters: fits }), named('NotFoundError'));
});

test('control transfers go both ways, and a stall is a status', async () => {
  const { device } = await deviceOf(bootloader());
  await assert.rejects(device.controlTransferIn(GETSTATUS, 6), named('InvalidStateError'), 'the interface is not claimed');
  await device.claimInterface(0);
  const { status, data } = await device.controlTransferIn(GETSTATUS, 6);
  assert.equal(status, 'ok');
  assert.deepEqual([...new Uint8Array(data.buffer)], [0, 0, 0, 0, 2, 0]);
  assert.deepEqual(await device.controlTransferOut({ ...DFU, request: 6 }), { status: 'ok', bytesWritten: 0 });
  assert.deepEqual(await device.controlTransferIn({ ...DFU, request: 0x55 }, 6), { status: 'stall' });
  await assert.rejects(device.controlTransferIn({ ...DFU, requestType: 'other', request: 1 }, 6), TypeError);
});

test('what a page may not do yet, it is told as by a browser', async () => {
  const board = await running(alone('bulk-echo'));
  const [device] = await new VirtualUsb(board).getDevices();
  await assert.rejects(device.selectConfiguration(1), named('InvalidStateError'));
  await device.open();
  await assert.rejects(device.selectConfiguration(7), named('NotFoundError'));
  await assert.rejects(device.claimInterface(7), named('NotFoundError'));
  await assert.rejects(device.transferOut(1, encode('a')), named('InvalidStateError'));
  await assert.rejects(device.transferOut(9, encode('a')), named('NotFoundError'));
  await device.claimInterface(0);
  await assert.rejects(device.selectAlternateInterface(0, 7), named('NotFoundError'));
  assert.equal((await device.transferOut(1, encode('a'))).bytesWritten, 1);
  await device.close();
  await assert.rejects(device.transferOut(1, encode('a')), named('InvalidStateError'));
});

test('a transfer that waits for the device is over when its bytes come', async () => {
  const { board, device } = await deviceOf(alone('bulk-echo'));
  await device.claimInterface(0);
  const first = device.transferIn(2, 64);
  const second = device.transferIn(2, 64);
  await device.transferOut(1, encode('one'));
  await device.transferOut(1, encode('two'));
  assert.equal(text((await first).data), 'one');
  assert.equal(text((await second).data), 'two');
  const sent = Uint8Array.from({ length: 1000 }, (_, i) => i & 255);
  const back = device.transferIn(2, 1000);
  assert.deepEqual(await device.transferOut(1, sent), { status: 'ok', bytesWritten: 1000 });
  assert.deepEqual(new Uint8Array((await back).data.buffer), sent);
  const third = device.transferIn(2, 64);
  await Promise.resolve();
  await new Promise((resolve) => setImmediate(resolve));
  assert.throws(() => board.save(), { code: 'WRONG', message: /a USB transfer is under way/ });
  board.plug(false);
  await assert.rejects(third, named('NotFoundError'));
});

test('a device that leaves and comes back is told, and is another object', async () => {
  const { board, usb, device } = await deviceOf(bootloader());
  const left = next(usb, 'disconnect');
  board.plug(false);
  void usb.time.sleep(500);
  assert.equal((await left).device, device);
  await assert.rejects(device.open(), named('NotFoundError'));
  assert.deepEqual(await usb.getDevices(), []);
  const came = next(usb, 'connect');
  board.plug(true);
  void usb.time.sleep(500);
  const { device: again } = await came;
  assert.notEqual(again, device);
  assert.deepEqual(await usb.getDevices(), [again]);
  await again.forget();
  assert.deepEqual(await usb.getDevices(), []);
  assert.equal(await usb.requestDevice({ filters: [] }), again);
});

test('a board that does not do USB is enumerated while its time goes on, and never in one go', async () => {
  const board = await running(alone('blink')); // D+ of a Blue Pill is always up
  const usb = new VirtualUsb(board);
  let last = board.now;
  let longest = 0;
  for (let i = 0; i < 400; i++) {
    await usb.time.sleep(10);
    longest = Math.max(longest, board.now - last);
    last = board.now;
  }
  assert.ok(longest < 11, `${longest} ms between two looks at it`);
  assert.equal(usb.isEnumerating, false, 'it was given up');
  assert.deepEqual(await usb.getDevices(), []);
  board.load(bootloader());
  board.power(false);
  board.power();
  const came = next(usb, 'connect');
  void usb.time.sleep(1000);
  assert.equal((await came).device.productName, 'DAPBoot DFU Bootloader', 'its bootloader is found all the same');
});

test('a board that did not answer is enumerated again when other firmware starts, however seldom it is looked at', async () => {
  const board = await VirtualBoard.create();
  board.load(bootloader());
  board.load(behind('blink'));
  board.power();
  const usb = new VirtualUsb(board);
  usb.run(1); // looks at it
  usb.run(3000);
  assert.deepEqual([usb.device, usb.isEnumerating], [null, false], 'it was given up');
  const pressed = async () => {
    board.press();
    board.reset();
    for (let i = 0; i < 3; i++) usb.run(100);
    assert.equal(usb.device?.productName, 'DAPBoot DFU Bootloader');
  };
  await pressed();
});

test('other firmware that starts in the midst of an enumeration is found, whenever it starts', async () => {
  for (let at = 50; at < 2500; at += 350) {
    const board = await VirtualBoard.create();
    board.load(bootloader());
    board.load(behind('blink'));
    board.power();
    const usb = new VirtualUsb(board);
    usb.run(200); // the application runs
    board.run(at); // nobody looks
    board.press();
    board.reset();
    board.run(50);
    usb.run(3000);
    usb.run(3000);
    assert.equal(usb.device?.productName, 'DAPBoot DFU Bootloader', `${at} ms`);
  }
});

test('a device is there when its enumeration is over, or it is asked for', async () => {
  const usb = new VirtualUsb(await running(bootloader()));
  await usb.time.sleep(50);
  assert.equal(usb.device, null, 'debounce alone takes 100 ms');
  assert.ok(usb.isEnumerating);
  assert.equal((await usb.requestDevice({ filters: [] })).vendorId, 0x1209);
  assert.equal(usb.isEnumerating, false);
});

test('a cable that is pulled during debounce does no harm', async () => {
  const board = await running(bootloader());
  const usb = new VirtualUsb(board);
  await usb.time.sleep(60);
  board.plug(false);
  await usb.time.sleep(4930);
  board.plug();
  await usb.time.sleep(1000);
  assert.equal((await usb.getDevices()).length, 1);
});

test('a device that is being reset takes no transfers meanwhile', async () => {
  const { device } = await deviceOf(bootloader());
  await device.claimInterface(0);
  const reset = device.reset();
  await assert.rejects(device.controlTransferIn(GETSTATUS, 6), named('InvalidStateError'));
  await reset;
  assert.equal((await device.controlTransferIn(GETSTATUS, 6)).status, 'ok');
});

test('a bus reset brings the same device back, or another one', async () => {
  const { usb, device } = await deviceOf(bootloader());
  await device.reset();
  await device.claimInterface(0);
  assert.equal((await device.controlTransferIn(GETSTATUS, 6)).status, 'ok');

  // dfu-runtime-2 makes way for the bootloader upon the reset that follows DFU_DETACH
  const board = await VirtualBoard.create();
  board.load(bootloader());
  board.load(behind('dfu-runtime'));
  board.power();
  const both = new VirtualUsb(board);
  const [program] = await both.getDevices();
  assert.equal(program.configuration.interfaces[0].alternate.interfaceProtocol, 1);
  await program.open();
  await program.claimInterface(0);
  await program.controlTransferOut({ ...DFU, request: 0, value: 1000 });
  await both.time.sleep(1000);
  const [found] = await both.getDevices();
  assert.equal(found.productName, 'DAPBoot DFU Bootloader');
  assert.equal(usb.failure, null);
});

test('firmware that comes to a standstill ends transfers with the reason, and its device has left', async () => {
  const { board, usb, device } = await deviceOf(alone('bulk-echo'));
  await device.claimInterface(0);
  const waiting = device.transferIn(2, 64);
  const left = next(usb, 'disconnect');
  const UDF = 0xde; // 0xDEDE is an undefined instruction, and an address that no handler is at
  board.write(0x08000000, new Uint8Array(64 * 1024).fill(UDF));
  assert.equal((await left).device, device);
  await assert.rejects(waiting, { code: 'LOCKED_UP' });
  assert.equal(usb.failure.code, 'LOCKED_UP');
  await assert.rejects(device.transferOut(1, encode('a')), { code: 'LOCKED_UP' });
  await usb.time.sleep(1000);
  assert.deepEqual(await usb.getDevices(), [], 'time goes on without it');
});

test('timers fire in order, in virtual time', async () => {
  const board = await VirtualBoard.create();
  const { time } = new VirtualUsb(board);
  const order = [];
  const began = board.now;
  time.setTimeout((name) => order.push(name), 50, 'late');
  time.setTimeout(() => order.push('early'), 20);
  const cancelled = time.setTimeout(() => order.push('never'), 30);
  const interval = time.setInterval(() => order.push('tick'), 15);
  time.clearTimeout(cancelled);
  await time.sleep(100);
  time.clearInterval(interval);
  assert.ok(Math.abs(board.now - began - 100) < 0.1, `${board.now - began} ms`);
  assert.deepEqual(order, ['tick', 'early', 'tick', 'tick', 'late', 'tick', 'tick', 'tick']);
  const back = time.install();
  await new Promise((resolve) => setTimeout(resolve, 3_600_000));
  back();
  assert.ok(board.now > 3_600_000, 'an hour passes at once');
});

test('a timer of one clock is not cleared by the number of another', async () => {
  const [one, other] = [new VirtualUsb(await VirtualBoard.create()), new VirtualUsb(await VirtualBoard.create())];
  let fired = 0;
  const first = one.time.setTimeout(() => fired++, 5);
  other.time.setTimeout(() => fired++, 5);
  other.time.clearTimeout(first);
  const real = setTimeout(() => fired++, 0);
  const back = other.time.install();
  clearTimeout(real);
  back();
  await Promise.all([one.time.sleep(10.0004), other.time.sleep(10.3337)]); // no whole microseconds
  await new Promise((resolve) => setTimeout(resolve, 5));
  assert.equal(fired, 2);
});

test('a bootloader in real time answers, and its clock goes on by itself', async () => {
  const board = await running(bootloader());
  const usb = new VirtualUsb(board, { time: 'real', speed: 10 });
  const [device] = await usb.getDevices();
  await device.open();
  await device.claimInterface(0);
  assert.equal((await device.controlTransferIn(GETSTATUS, 6)).status, 'ok');
  const before = board.now;
  while (board.now < before + 200) await new Promise((resolve) => setTimeout(resolve, 5));
  usb.stop();
  assert.throws(() => new VirtualUsb(board, { time: 'fast' }), /time is 'virtual' or 'real', not 'fast'/);
  assert.throws(() => new VirtualUsb(board, { speed: 0 }), /speed is a number above 0/);
});
