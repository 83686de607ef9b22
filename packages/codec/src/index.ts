export * from './xml/text';
