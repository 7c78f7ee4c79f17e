// Somebody's flasher in TypeScript: compiled, not run. What must not compile says so.
import { Flasher, Releases, Series, readManifest } from 'dapboot-flasher';
import 'dapboot-flasher/install';

async function flash(usb: USB, file: File): Promise<string> {
  const flasher = new Flasher(usb);
  flasher.filters = [{ vendorId: 0x1209, serialNumber: '0123' }];
  await flasher.take(file);
  await flasher.choose();
  if (flasher.canFlash) await flasher.flash();
  const series = new Series(flasher);
  const sums: { good: number; bad: number } = series.sums;
  // @ts-expect-error there is no such phase
  if (flasher.phase === 'sleeping') return '';
  // @ts-expect-error a file is needed
  await flasher.take('program.bin');
  return `${flasher.board?.variant.name} ${sums.good}`;
}

async function newest(text: string, flasher: Flasher): Promise<void> {
  const releases = new Releases(readManifest(text), 'https://example.com/firmware.json');
  const [release] = releases.manifest.versions;
  if (flasher.board) await flasher.take(releases.fileFor(release, flasher.board));
}

export { flash, newest };
