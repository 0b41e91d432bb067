// @ts-check
/**
 * What there is to say about a scan besides its plots: progress, rate, lag, margin, files, warnings, channels.
 */

import { fileAddress } from './addresses.js';
import { element, fill, icon, matchChildren, scrollable, setAttribute, setText, table } from './elements.js';
import { bytes, count, countOf, duration, percent, pointRate, ranges, shape, UNKNOWN } from './format.js';
import { badge, signOfScan } from './outcome.js';
import { timeElement } from './times.js';
import { hasEnded } from './types.js';

/** @import { Child } from './elements.js' */
/** @import { Channel, EndedScan, RunningScan, Scan } from './types.js' */

/** @typedef {{label: string, text: string, hint: string, tone?: string}} Figure */

export class ScanSummary {
    #name = element('h1', { id: 'scan-name' });
    #badge = element('span', {});
    #title = element('p', { class: 'scan-title' });
    #about = element('p', { class: 'muted' });
    #bar = document.createElement('progress');
    #progress = element('p', { class: 'progress-text' });
    #progressBlock = element('div', { class: 'progress' }, this.#bar, this.#progress);
    #reason = element('p', { class: 'reason' });
    #figures = element('dl', { class: 'figures' });
    #files = element('ul', { class: 'files' });
    #warnings = element('ul', { class: 'warnings' });
    #shown = '';
    element = element('section', { class: 'panel summary', 'aria-labelledby': 'scan-name' },
        element('div', { class: 'summary-head' }, this.#name, this.#badge),
        this.#title, this.#about, this.#progressBlock, this.#reason, this.#warnings, this.#figures, this.#files);

    /** @param {Scan} scan */
    update(scan) {
        setText(this.#name, scan.name);
        setText(this.#title, scan.title);
        this.#title.hidden = scan.title === '' || scan.title === scan.name;
        const head = JSON.stringify([signOfScan(scan), scan.session, scan.started, hasEnded(scan) && scan.ended]);
        if (head !== this.#shown) {
            this.#shown = head;
            fill(this.#badge, badge(signOfScan(scan)));
            fill(this.#about, ...about(scan));
        }
        this.#updateProgress(scan);
        const reason = hasEnded(scan) ? scan.reason ?? '' : scan.text ?? '';
        setText(this.#reason, reason);
        this.#reason.classList.toggle('bad', signOfScan(scan).tone === 'bad');
        this.#reason.hidden = reason === '';
        this.#updateFigures(hasEnded(scan) ? figuresOfEnded(scan) : figuresOfRunning(scan));
        matchChildren(this.#files, scan.files ?? [], file => `${file.path}::${file.entry}`,
            file => element('li', {}, icon('file'),
                element('a', { class: 'path', href: fileAddress(file.id, `/${file.entry ?? ''}`) }, file.path),
                file.entry && element('span', { class: 'muted' }, ` ${file.entry}`)),
            () => {});
        const warnings = new Set(scan.warnings ?? []);
        // What is said already is no second problem.
        warnings.delete(reason);
        matchChildren(this.#warnings, [...warnings], text => text,
            text => element('li', {}, icon('warning'), element('span', {}, element('strong', {}, 'Warning: '), text)),
            () => {});
    }

    /** @param {Scan} scan */
    #updateProgress(scan) {
        const ended = hasEnded(scan);
        this.#progressBlock.hidden = ended;
        if (ended) {
            return;
        }
        const { points, expected } = scan;
        setAttribute(this.#bar, 'aria-label', `Progress of ${scan.name}`);
        if (expected) {
            this.#bar.max = expected;
            this.#bar.value = Math.min(points, expected);
            const left = scan.remaining_seconds === null ? '' : `, ${duration(scan.remaining_seconds)} left`;
            setText(this.#progress, `${count(points)} of ${countOf(expected, 'point')} (${percent(points, expected)})${left}`);
        } else {
            this.#bar.removeAttribute('value');
            setText(this.#progress, `${countOf(points, 'point')}, no end known`);
        }
    }

    /** @param {Figure[]} figures */
    #updateFigures(figures) {
        matchChildren(this.#figures, figures, figure => figure.label,
            figure => element('div', {}, element('dt', {}, figure.label), element('dd', { class: 'figure' }), element('dd', { class: 'hint' })),
            (child, figure) => {
                const [, text, hint] = child.children;
                setText(text, figure.text);
                setText(hint, figure.hint);
                setAttribute(child, 'class', figure.tone ?? null);
            });
    }
}

/**
 * @param {Scan} scan
 * @returns {Child[]}
 */
function about(scan) {
    const session = scan.session ? `Session ${scan.session}, ` : '';
    if (hasEnded(scan)) {
        return [session, 'ended ', timeElement(scan.ended, 'ago')];
    }
    return [session, 'running ', timeElement(scan.started, 'since')];
}

/**
 * @param {RunningScan} scan
 * @returns {Figure[]}
 */
function figuresOfRunning(scan) {
    return [
        { label: 'Rate', text: pointRate(scan.points_per_second), hint: 'into the file' },
        {
            label: 'Lag', text: duration(scan.lag_seconds), tone: (scan.lag_seconds ?? 0) > 30 ? 'warn' : '',
            hint: scan.lag_points === null ? 'behind the scan' : `${countOf(scan.lag_points, 'point')} behind the scan`,
        },
        {
            label: 'Margin', text: duration(scan.margin_seconds), tone: (scan.margin_seconds ?? Infinity) < 60 ? 'warn' : '',
            hint: scan.margin_seconds === null ? 'no limit is known' : 'until Redis would drop points',
        },
        { label: 'Size', text: bytes(scan.bytes), hint: 'in the file' },
        lost(scan),
    ];
}

/**
 * @param {EndedScan} scan
 * @returns {Figure[]}
 */
function figuresOfEnded(scan) {
    return [
        { label: 'Points', text: count(scan.points), hint: 'in the file' },
        { label: 'Duration', text: duration(scan.duration_seconds), hint: '' },
        { label: 'Size', text: bytes(scan.bytes), hint: 'in the file' },
        lost(scan),
    ];
}

/**
 * @param {Scan} scan
 * @returns {Figure}
 */
function lost(scan) {
    const tone = scan.lost > 0 ? 'bad' : '';
    return { label: 'Lost', text: scan.lost > 0 ? count(scan.lost) : 'none', hint: scan.lost > 0 ? 'points are missing in the file' : 'no point is missing', tone };
}

/**
 * Returns the channels of a scan as a table.
 * @param {Channel[]} channels
 */
export function channelTable(channels) {
    const headings = ['Name', 'Unit', 'A point is', 'Type', 'Published', 'Received', 'In the file', 'Lost points'];
    const rows = channels.map(channel => [
        channel.name, channel.unit ?? '', shape(channel.shape), channel.dtype ?? UNKNOWN, count(channel.published), count(channel.received),
        count(channel.written), channel.lost.length > 0 ? ranges(channel.lost) : UNKNOWN,
    ]);
    return scrollable('Channels', table('Channels of the scan', headings, rows, { numbersFrom: 4 }));
}
